package output

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"sse-harness/extension/record"
)

// loadProbe watches the process it runs in: a figure that the generator itself has spoilt must be known as such.
type loadProbe struct {
	baseRSS  int64
	cpu      int64
	delay    int64
	pauses   int64
	hasDelay bool
}

func newLoadProbe() *loadProbe {
	delay, hasDelay := runDelay()
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	return &loadProbe{baseRSS: rss(), cpu: cpuTime(), delay: delay, hasDelay: hasDelay, pauses: gc.NumGC}
}

// take is what happened since the last call, `span` microseconds ago.
func (p *loadProbe) take(span int64) record.Load {
	cores := int64(runtime.GOMAXPROCS(0))
	cpu := cpuTime()
	used := cpu - p.cpu
	p.cpu = cpu
	load := record.Load{CPU: used, RSS: rss(), GCPauses: p.newPauses()}
	if span > 0 {
		load.Utilisation = min(1, float64(used)/float64(span*cores))
	}
	if p.hasDelay {
		delay, _ := runDelay()
		// Threads that have ended take their share of the sum with them.
		waited := max(0, delay-p.delay) / cores
		p.delay = delay
		load.RunDelay = &waited
	}
	return load
}

func (p *loadProbe) newPauses() []int64 {
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	fresh := min(gc.NumGC-p.pauses, int64(len(gc.Pause)))
	p.pauses = gc.NumGC
	pauses := make([]int64, 0, fresh)
	for _, pause := range gc.Pause[:fresh] {
		pauses = append(pauses, pause.Microseconds())
	}
	return pauses
}

// cpuTime of all threads, in microseconds.
func cpuTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Utime.Nano()/int64(time.Microsecond) + usage.Stime.Nano()/int64(time.Microsecond)
}

// runDelay is the time that threads of this process were ready to run and had no core, in microseconds; Linux only.
func runDelay() (total int64, known bool) {
	files, _ := filepath.Glob("/proc/self/task/*/schedstat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if fields := bytes.Fields(text); len(fields) > 1 {
			nanoseconds, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			total += nanoseconds / int64(time.Microsecond)
			known = true
		}
	}
	return total, known
}

// rss is the resident memory in bytes; 0 where the platform does not tell.
func rss() int64 {
	return statusBytes("VmRSS:")
}

func peakRSS() int64 {
	return statusBytes("VmHWM:")
}

func statusBytes(name string) int64 {
	const kibibyte = 1024
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		if fields := bytes.Fields(line); len(fields) > 1 && string(fields[0]) == name {
			kib, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			return kib * kibibyte
		}
	}
	return 0
}
