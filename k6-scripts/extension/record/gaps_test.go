package record

import "testing"

func TestGaps(t *testing.T) {
	w := newWorld()
	streams := w.openings(2)
	for _, s := range streams {
		w.event(s, 0)
	}
	w.at(100)
	w.measure()
	w.at(400)
	w.event(streams[0], 1)
	w.at(600)
	w.event(streams[0], 2)
	w.at(1500)
	w.event(streams[1], 1)
	w.stopAt(1600)
	// 400 and 200 on one, 1500 on the other; 1000 and 100 still open.
	c := w.exact(1, keyGap)
	same(t, "gaps", [4]int64{c.count, c.min, c.max, c.sum}, [4]int64{3, 200, 1500, 2100})
	c = w.censored(1, keyGap)
	same(t, "open gaps", [3]int64{c.count, c.min, c.max}, [3]int64{2, 100, 1000})
	w.exact(1, keyWorstGap).holds(t, "worst", 1, 1500)
	w.censored(1, keyWorstGap).holds(t, "worst that is open", 1, 1000)
	same(t, "of the busiest", w.channelCount(1, "a"), ChannelCount{Events: 2, Gaps: 2})
}

func TestAStreamWithoutAnyEventHasAnOpenGapSinceItsIntendedStart(t *testing.T) {
	w := newWorld()
	w.measure()
	w.user(300, StreamOptions{})
	w.stopAt(1000)
	w.exact(1, keyGap).holds(t, "exact", 0, 0)
	w.censored(1, keyGap).holds(t, "censored", 1, 700)
}

func TestNothingWasOpenAtABorderThatIsNoticedAfterTheNextEvent(t *testing.T) {
	w := newWorld()
	w.measure()
	s := w.opening()
	w.event(s, 0)
	w.at(1002)
	w.event(s, 1)
	w.stopAt(1000)
	w.censored(1, keyGap).holds(t, "open", 0, 0)
	w.exact(1, keyWorstGap).holds(t, "worst", 1, 1002)
}

func TestEachMeasuredPhaseHasItsOwnWorstGap(t *testing.T) {
	w := newWorld()
	s := w.opening()
	w.event(s, 0)
	w.at(900)
	w.event(s, 1)
	w.measure()
	w.at(1000)
	w.event(s, 2)
	w.measure()
	w.at(1010)
	w.event(s, 3)
	w.stopAt(1010)
	w.exact(0, keyGap).holds(t, "outside", 0, 0)
	for phase, worst := range map[int]int64{1: 100, 2: 10} {
		w.exact(phase, keyGap).holds(t, "gap", 1, worst)
		w.exact(phase, keyWorstGap).holds(t, "worst", 1, worst)
	}
}

func TestCounters(t *testing.T) {
	w := newWorld()
	s := w.opening()
	s.Read(w.now, 100)
	s.Read(w.now, 23)
	s.Comment()
	s.Ended(w.now, "reset")
	s.Failed(w.now, "refused")
	w.open(s, 0)
	for counter, value := range map[Counter]int64{
		BytesReceived: 123, Reads: 2, CommentsReceived: 1, ConnectionsOpened: 2, ConnectionsFailed: 1, Reconnects: 1,
	} {
		same(t, counter.String(), w.counter(counter), value)
	}
	result := w.r.Result(w.now)
	same(t, "tallies", [4]int64{result.EverOpened, result.Settled, result.Ends["reset"], result.Failures["refused"]}, [4]int64{1, 1, 1, 1})
	same(t, "reconnects", s.Reconnects(), 1)
	same(t, "headers", result.Headers["x-sse-harness-stream"], "1")
}

func TestAStreamIsSettledOnceByAFailureAsWell(t *testing.T) {
	w := newWorld()
	s := w.user(0, StreamOptions{})
	s.Failed(w.now, "refused")
	s.Failed(w.now, "refused")
	same(t, "settled", [2]int64{w.r.tallies.settled, w.r.tallies.everOpened}, [2]int64{1, 0})
	w.open(s, 0)
	same(t, "opened", [2]int64{w.r.tallies.settled, w.r.tallies.everOpened}, [2]int64{1, 1})
}

func TestUptimeIntegratesStreamsOpenAndWantedOverMeasuredTime(t *testing.T) {
	w := newWorld()
	take := func() [2]int64 {
		interval := w.r.Take(w.now, false)
		return [2]int64{interval.OpenTime, interval.WantedTime}
	}
	streams := w.openings(2)
	w.measureAt(second)
	w.at(2 * second)
	streams[0].Ended(w.now, "reset")
	w.at(3 * second)
	// Of the first second nothing: it was not measured.
	same(t, "first", take(), [2]int64{3 * second, 4 * second})
	w.at(3500 * ms)
	w.open(streams[0], 0)
	streams[1].Ended(w.now, "lifetime")
	streams[1].Finished(w.now, "done")
	w.at(4 * second)
	same(t, "second", take(), [2]int64{second, 1500 * ms})
	same(t, "at the end", [2]int64{w.r.occupancy.open, w.r.occupancy.wanted}, [2]int64{1, 1})
	w.stopAt(5 * second)
	w.at(9 * second)
	same(t, "third", take(), [2]int64{second, second})
}

func TestAUserThatStartsLateWasWantedFromWhenItWasDueWithinThePhase(t *testing.T) {
	w := newWorld()
	w.measureAt(second)
	w.at(3 * second)
	w.r.Take(w.now, false)
	w.user(2*second, StreamOptions{})
	w.user(500*ms, StreamOptions{})
	interval := w.r.Take(w.now, false)
	same(t, "time", [2]int64{interval.OpenTime, interval.WantedTime}, [2]int64{0, 3 * second})
}
