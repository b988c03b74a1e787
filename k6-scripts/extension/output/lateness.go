package output

import (
	"time"

	"sse-harness/extension/live"
	"sse-harness/extension/record"
)

// How often the process looks at its own lateness.
const latenessPeriod = 10 * time.Millisecond

// lateness measures how long this process takes to notice what is due: how long a chunk may have waited for a core, for
// the garbage collector, or for other streams.
type lateness struct {
	alarm   *alarm
	stopped chan struct{}
}

// watchLateness begins to measure; nil where there is no alarm to be had, and so no measurement.
func watchLateness(recorder *record.Recorder) *lateness {
	alarm, err := newAlarm(latenessPeriod)
	if err != nil {
		return nil
	}
	l := &lateness{alarm, make(chan struct{})}
	go l.watch(recorder)
	return l
}

func (l *lateness) watch(recorder *record.Recorder) {
	defer close(l.stopped)
	period := live.Micros(latenessPeriod)
	due := l.alarm.first
	for {
		times, err := l.alarm.wait()
		if err != nil {
			return
		}
		now := live.Now()
		recorder.Lock()
		recorder.Advance(now)
		// Those that were slept through count too, or a long stall would be one sample among many.
		for range times {
			recorder.QueueDelay(max(0, now-due))
			due += period
		}
		recorder.Unlock()
	}
}

func (l *lateness) stop() {
	if l == nil {
		return
	}
	l.alarm.close()
	<-l.stopped
}
