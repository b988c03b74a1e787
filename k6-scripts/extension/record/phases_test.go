package record

import (
	"math"
	"slices"
	"testing"
)

// scheduled is a world with phases of its own: measured is the time from 1 s to 3 s.
func scheduled() *world {
	return &world{r: New(start, second, 2*second), now: start}
}

func TestSchedules(t *testing.T) {
	setUp, stop := Phase{"phase", 0, "set-up", "set-up", false, start}, Phase{"phase", 2, "stop", "stop", false, start + 3*second}
	for _, c := range []struct {
		name          string
		after, length int64
		phases        []Phase
	}{
		{"all of it", 0, 0, []Phase{{"phase", 0, "measure", "measure", true, start}}},
		{"a part", second, 2 * second, []Phase{setUp, {"phase", 1, "measure", "measure", true, start + second}, stop}},
		{"from the start on", 0, 3 * second, []Phase{
			{"phase", 0, "measure", "measure", true, start}, {"phase", 1, "stop", "stop", false, start + 3*second},
		}},
	} {
		r := New(start, c.after, c.length)
		found := r.NewPhases()
		r.Advance(start + 10*second)
		if found = append(found, r.NewPhases()...); !slices.Equal(found, c.phases) {
			t.Errorf("%s: %v, wanted %v", c.name, found, c.phases)
		}
		same(t, c.name+", told twice", len(r.NewPhases()), 0)
		same(t, c.name+", next border", r.NextBorder(), math.MaxInt64)
	}
}

func TestBordersAreToldOneAfterTheOther(t *testing.T) {
	r := New(start, second, 2*second)
	for _, at := range []int64{start + second, start + 3*second, math.MaxInt64} {
		same(t, "border", r.NextBorder(), at)
		r.Advance(at - 1)
		same(t, "just before it", r.NextBorder(), at)
		if at < math.MaxInt64 {
			r.Advance(at)
		}
	}
	same(t, "start", r.StartAt(), start)
}

// Nobody speaks between the set-up and long after the stop; the phases are cut where they were planned all the same.
func TestAPhaseNoticedLateIsCutAtItsTime(t *testing.T) {
	w := scheduled()
	s := w.opening()
	w.event(s, 0)
	w.at(9 * second)
	w.eventDue(s, 1, 2*second)
	w.exact(1, keyDelivery).holds(t, "delivery", 1, 7*second)
	w.exact(2, keyDelivery).holds(t, "delivery after the stop", 0, 0)
	same(t, "staleness", w.exact(1, keyStaleness).count, 20)
	between(t, "age", w.exact(1, keyStaleness).max, 2900*ms, 3*second)
	w.censored(1, keyGap).holds(t, "open gap", 1, 3*second)
	w.exact(1, keyGap).holds(t, "gap that ended outside", 0, 0)
	interval := w.r.Take(w.now, false)
	same(t, "time", [2]int64{interval.OpenTime, interval.WantedTime}, [2]int64{2 * second, 2 * second})
}

func TestEveryEntryNoticesABorder(t *testing.T) {
	for name, enter := range map[string]func(w *world, s *Stream){
		"attempt":   func(w *world, s *Stream) { s.Attempt(w.now, w.now) },
		"connected": func(w *world, s *Stream) { s.Connected(w.now) },
		"opened":    func(w *world, s *Stream) { s.Opened(w.now, nil, "") },
		"read":      func(w *world, s *Stream) { s.Read(w.now, 1) },
		"event":     func(w *world, s *Stream) { w.event(s, 0) },
		"ended":     func(w *world, s *Stream) { s.Ended(w.now, "reset") },
		"failed":    func(w *world, s *Stream) { s.Failed(w.now, "refused") },
		"finished":  func(w *world, s *Stream) { s.Finished(w.now, "done") },
		"take":      func(w *world, _ *Stream) { w.r.Take(w.now, false) },
		"end":       func(w *world, _ *Stream) { w.r.End(w.now) },
		"result":    func(w *world, _ *Stream) { w.r.Result(w.now) },
	} {
		w := scheduled()
		s := w.user(0, StreamOptions{})
		w.at(second + 5)
		enter(w, s)
		same(t, name, w.r.current.kind, "measure")
		same(t, name+", start", w.r.current.start, start+second)
	}
}

func TestPhaseCountsAreOfTheBusiestStreamThoughItHasFinished(t *testing.T) {
	w := scheduled()
	streams := w.openings(2)
	w.at(second)
	for sequence := range int64(3) {
		w.event(streams[0], sequence)
	}
	w.event(streams[1], 0)
	streams[0].Ended(w.now, "lifetime")
	streams[0].Finished(w.now, "done")
	lone := w.user(second, StreamOptions{Ordinal: 2, Channel: "lone"})
	lone.Failed(w.now, "status")
	lone.Finished(w.now, "failed")
	same(t, "before the end", len(w.r.PhaseCounts()), 0)
	w.at(4 * second)
	w.event(streams[1], 1)
	counts := w.r.PhaseCounts()
	same(t, "phases", len(counts), 1)
	same(t, "index", counts[0].Index, 1)
	channels := counts[0].Count.Channels
	same(t, "channels", len(channels), 2)
	same(t, "of the channel", channels["a"], ChannelCount{Events: 3, Gaps: 2})
	same(t, "of one without events", channels["lone"], ChannelCount{})
	w.r.End(w.now)
	same(t, "told twice", len(w.r.PhaseCounts()), 0)
}

func TestTheEndIsTheEndOfTheLastPhase(t *testing.T) {
	w := &world{r: New(start, 0, 0), now: start}
	s := w.opening()
	w.event(s, 0)
	w.at(second)
	interval := w.r.Take(w.now, true)
	w.censored(0, keyGap).holds(t, "taken", 0, 0)
	same(t, "samples", takenOf(interval, keyStaleness), 10)
	same(t, "balances", len(interval.Balances), 1)
	same(t, "state", interval.Balances[0].State, "open")
	same(t, "counts", w.r.PhaseCounts()[0].Count.Channels["a"], ChannelCount{Events: 1})
	same(t, "time", [2]int64{interval.OpenTime, interval.WantedTime}, [2]int64{second, second})
	// What others have still to say is not heard any more, and does no harm.
	w.at(2 * second)
	w.event(s, 1)
	w.open(s, 2)
	s.Read(w.now, 1)
	s.Comment()
	s.Ended(w.now, "reset")
	s.Failed(w.now, "status")
	s.Finished(w.now, "failed")
	w.r.QueueDelay(1)
	w.event(w.opening(), 1)
	after := w.r.Take(w.now, true)
	same(t, "afterwards", len(after.Phases)+len(after.Balances)+len(after.Fanout), 0)
	same(t, "users", w.r.Result(w.now).Users, 1)
}

func TestQueueDelayIsOfMeasuredPhases(t *testing.T) {
	w := scheduled()
	for _, at := range []int64{0, second, second, 3 * second} {
		w.r.Advance(start + at)
		w.r.QueueDelay(at/second*100 - 50)
	}
	w.exact(1, keyQueueDelay).holds(t, "measured", 2, 50)
	for _, phase := range []int{0, 2} {
		w.exact(phase, keyQueueDelay).holds(t, "not measured", 0, 0)
	}
}
