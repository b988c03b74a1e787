package record

import "testing"

func TestWhichStreamsAreSampled(t *testing.T) {
	for _, c := range []struct {
		name  string
		count int64
		end   func(w *world, s *Stream)
	}{
		{"one that was lost goes on", 50, func(w *world, s *Stream) { s.Ended(w.now, "reset") }},
		{"one that failed for good goes on", 50, func(w *world, s *Stream) {
			s.Ended(w.now, "reset")
			s.Failed(w.now, "status")
			s.Finished(w.now, "failed")
		}},
		{"one that is done does not", 10, func(w *world, s *Stream) {
			s.Ended(w.now, "max-events")
			s.Finished(w.now, "done")
		}},
	} {
		w := newWorld()
		w.measure()
		s := w.opening()
		w.event(s, 0)
		w.at(second)
		c.end(w, s)
		w.stopAt(5 * second)
		same(t, c.name, w.exact(1, keyStaleness).count, c.count)
	}
}

func TestOneThatComesInTheMiddleIsSampledFromItsIntendedStartOn(t *testing.T) {
	w := newWorld()
	w.measure()
	w.at(4 * second)
	w.user(3*second, StreamOptions{})
	// Of a tick that has begun without it there is no sample.
	w.user(3*second+10*ms, StreamOptions{Ordinal: 1})
	w.stopAt(5 * second)
	c := w.exact(1, keyStaleness)
	same(t, "count", c.count, 20+19)
	between(t, "max", c.max, 1900*ms, 2000*ms)
}

func TestNoneIsSampledOutsideOfMeasuredPhases(t *testing.T) {
	w := newWorld()
	s := w.opening()
	w.event(s, 0)
	w.measureAt(second)
	w.stopAt(2 * second)
	w.at(3 * second)
	w.event(s, 1)
	w.measureAt(3 * second)
	w.stopAt(3500 * ms)
	for phase, count := range []int64{0, 10, 0, 5, 0} {
		same(t, "count", w.exact(phase, keyStaleness).count, count)
	}
	between(t, "max of the next phase", w.exact(3, keyStaleness).max, 0, 500*ms)
	// The sample at a border is the next phase's.
	w.measureAt(4 * second)
	w.stopAt(4 * second)
	same(t, "count of no time", w.exact(5, keyStaleness).count, 0)
}
