package output

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.k6.io/k6/metrics"

	"sse-harness/extension/client"
	"sse-harness/extension/live"
	"sse-harness/extension/stream"
)

// streams holds n of them until the time is over, and returns how many events they received.
func streams(t *testing.T, n int, lifetime time.Duration) (events int64) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for n := 0; r.Context().Err() == nil; n++ {
			_, _ = fmt.Fprintf(w, "id: %d\ndata: a\n\n", n)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(20 * time.Millisecond)
		}
	}))
	defer server.Close()
	var running sync.WaitGroup
	held := make([]*client.Stream, n)
	due := live.Now()
	for i := range held {
		one, err := client.New(client.Settings{
			URL: server.URL + "/?token=a", Method: http.MethodGet, Mode: stream.ModeAuto, Lifetime: lifetime,
			LineLimit: stream.DefaultLimit, IntendedAt: due,
			Transport: client.Transport{Round: func() *http.Transport { return &http.Transport{} }},
		}, client.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		held[i] = one
		running.Go(func() { _, _ = one.Run(context.Background()) })
	}
	running.Wait()
	for _, one := range held {
		events += one.Counts.Events
	}
	return events
}

func TestLinesOfARun(t *testing.T) {
	const n = 3
	_, stop := started(t, "")
	events := streams(t, n, 2300*time.Millisecond)
	lines := stop()
	checkShape(t, lines)
	if lines[0].kind() != "start" || lines[0]["schema"] != partSchema || lines[len(lines)-1].kind() != "result" {
		t.Fatalf("from %v to %v", lines[0], lines[len(lines)-1])
	}
	if kinds := lines[1].kind() + " " + lines[2].kind(); kinds != "phase interval" && kinds != "target phase" {
		t.Errorf("behind the start comes %s", kinds)
	}
	intervals := ofKind(lines, "interval")
	begun := lines[0].number("startedAt")
	checkContiguous(t, intervals, begun)
	// Each ends in a second of its own, at its beginning unless this machine is busy.
	seconds := int64(0)
	for i, interval := range intervals[:len(intervals)-1] {
		end := interval.number("end") - begun
		if end/second <= seconds || end%second > second/2 {
			t.Errorf("interval %d ends %d us behind the start", i, end)
		}
		seconds = end / second
	}
	if last := intervals[len(intervals)-1]; len(intervals) < 2 || last.number("open") != 0 || last.number("everOpened") != n {
		t.Errorf("%d intervals, the last is %v", len(intervals), last)
	}
	checkSums(t, lines, n, events)
	if runtime.GOOS == "linux" && samples(lines, "harness_queue_delay") == 0 {
		t.Error("nothing is known of this process's own lateness")
	}
}

// checkSums: what the intervals add up to is what n streams have come to that were held to the end of their time.
func checkSums(t *testing.T, lines []line, n, events int64) {
	t.Helper()
	result := lines[len(lines)-1]
	balances := int64(0)
	for _, interval := range ofKind(lines, "interval") {
		balances += int64(len(interval["balances"].([]any)))
	}
	if result.number("users") != n || balances != n || counted(lines, "sse_connections_opened") != n {
		t.Errorf("%d users, %d balances, %d opened", result.number("users"), balances, counted(lines, "sse_connections_opened"))
	}
	if got := counted(lines, "sse_events_received"); got != events || events == 0 {
		t.Errorf("%d events instead of %d", got, events)
	}
	if ends := result["ends"].(map[string]any); len(ends) != 1 || ends[stream.EndLifetime] != float64(n) {
		t.Errorf("ends %v", ends)
	}
	if targets := ofKind(lines, "target"); len(targets) != 1 || !strings.HasSuffix(targets[0]["url"].(string), "?token=a") {
		t.Errorf("targets %v", targets)
	}
}

// checkContiguous: every microsecond from the start on is in one interval.
func checkContiguous(t *testing.T, intervals []line, from int64) {
	t.Helper()
	for i, interval := range intervals {
		if interval.number("start") != from || interval.number("end") < from {
			t.Errorf("interval %d is from %d to %d, the one before ended at %d", i, interval.number("start"), interval.number("end"), from)
		}
		from = interval.number("end")
	}
}

func TestPhasesOfARun(t *testing.T) {
	_, stop := started(t, ",after=200000,length=500000")
	streams(t, 1, time.Second)
	lines := stop()
	checkShape(t, lines)
	begun := lines[0].number("startedAt")
	told := []string{}
	for _, phase := range ofKind(lines, "phase") {
		told = append(told, fmt.Sprintf("%s/%v/%d", phase["kind"], phase["measured"], phase.number("start")-begun))
	}
	if got := strings.Join(told, " "); got != "set-up/false/0 measure/true/200000 stop/false/700000" {
		t.Errorf("phases %s", got)
	}
	if counts := ofKind(lines, "phase-count"); len(counts) != 1 || counts[0].number("index") != 1 {
		t.Errorf("phase counts %v", counts)
	}
	intervals := ofKind(lines, "interval")
	checkContiguous(t, intervals, begun)
	// What is measured begins and ends with an interval, however late this process notices.
	for i, border := range []int64{200000, 700000} {
		if end := intervals[i].number("end") - begun; end < border || end > border+second/4 {
			t.Errorf("interval %d ends %d us behind the start, a phase %d", i, end, border)
		}
	}
	measured := int64(0)
	for _, interval := range intervals {
		measured += interval.number("wantedTime")
	}
	if measured != 500000 {
		t.Errorf("a stream was wanted for %d us of measured time", measured)
	}
}

func TestDroppedIterationsAreArrivals(t *testing.T) {
	output, stop := started(t, "")
	builtin := metrics.RegisterBuiltinMetrics(metrics.NewRegistry())
	for metric, value := range map[*metrics.Metric]float64{builtin.DroppedIterations: 2, builtin.Iterations: 7} {
		output.AddMetricSamples([]metrics.SampleContainer{
			metrics.Sample{TimeSeries: metrics.TimeSeries{Metric: metric}, Value: value},
		})
	}
	streams(t, 1, 10*time.Millisecond)
	lines := stop()
	intervals := ofKind(lines, "interval")
	result, last := lines[len(lines)-1], intervals[len(intervals)-1]
	if result.number("droppedArrivals") != 2 || last.number("started") != 3 {
		t.Errorf("%d dropped, %d started", result.number("droppedArrivals"), last.number("started"))
	}
}

func TestLoadProbe(t *testing.T) {
	probe := newLoadProbe()
	runtime.GC()
	for until := time.Now().Add(30 * time.Millisecond); time.Now().Before(until); {
	}
	load := probe.take(live.Micros(30 * time.Millisecond))
	if load.CPU <= 0 || load.Utilisation <= 0 || load.Utilisation > 1 || len(load.GCPauses) == 0 {
		t.Errorf("got %+v", load)
	}
	if runtime.GOOS == "linux" && (load.RSS <= 0 || probe.baseRSS <= 0 || peakRSS() < load.RSS/2) {
		t.Errorf("memory: %d, %d, %d", probe.baseRSS, load.RSS, peakRSS())
	}
	if again := probe.take(0); len(again.GCPauses) > len(load.GCPauses) || again.Utilisation != 0 {
		t.Errorf("the second one has %+v", again)
	}
}
