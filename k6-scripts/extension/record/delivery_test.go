package record

import "testing"

func TestADeliveryBelongsToThePhaseInWhichItsEventWasDue(t *testing.T) {
	w := newWorld()
	s := w.opening()
	w.measureAt(second)
	w.at(second + 10)
	// Due before the measurement: late, but no sample of it, and no burst of the phase.
	w.eventDue(s, 0, second-1)
	w.eventDue(s, 1, second)
	same(t, "bursts of the first", s.phase.events, 1)
	w.measureAt(2 * second)
	w.at(2*second + 7)
	w.eventDue(s, 2, 2*second-1)
	w.eventDue(s, 3, 2*second)
	same(t, "bursts of the second", s.phase.events, 1)
	w.stopAt(3 * second)
	w.at(3*second + 90)
	w.eventDue(s, 4, 3*second-1)
	w.eventDue(s, 5, 3*second)
	w.exact(0, keyDelivery).holds(t, "set-up", 0, 0)
	w.exact(1, keyDelivery).holds(t, "first", 2, 10)
	w.exact(2, keyDelivery).holds(t, "second", 2, 91)
	w.exact(3, keyDelivery).holds(t, "stop", 0, 0)
}

func TestTransitCountsFromWhenTheEventWasSent(t *testing.T) {
	w := newWorld()
	w.measure()
	s := w.opening()
	w.at(second)
	w.eventSent(s, 0, second-500, second-200)
	w.stamped(s, 1, second-100)
	w.exact(1, keyDelivery).holds(t, "delivery", 2, 500)
	w.exact(1, keyTransit).holds(t, "transit; a single stamp gives none", 1, 200)
	same(t, "stamped", w.r.tallies.stamped, true)
}

func TestANegativeLatencyIsCountedAndNotRecorded(t *testing.T) {
	w := newWorld()
	w.measure()
	s := w.opening()
	w.at(100)
	w.eventSent(s, 0, 101, 102)
	w.eventSent(s, 1, 99, 102)
	same(t, "negative", w.counter(NegativeLatency), 3)
	w.exact(1, keyDelivery).holds(t, "delivery", 1, 1)
	w.exact(1, keyTransit).holds(t, "transit", 0, 0)
}

func TestWhatLiesAboveTheRangeIsCountedAndInNoBucket(t *testing.T) {
	w := newWorld()
	w.measure()
	s := w.opening()
	w.at(2 * hour)
	w.eventDue(s, 0, 0)
	c := w.exact(1, keyDelivery)
	same(t, "count, overflow, max", [3]int64{c.count, c.overflow, c.max}, [3]int64{0, 1, 2 * hour})
}

func TestADuplicateGivesNoLatency(t *testing.T) {
	w := newWorld()
	w.measure()
	s := w.opening()
	for _, sequence := range []int64{0, 1, 1, 0} {
		w.event(s, sequence)
	}
	same(t, "latencies", w.exact(1, keyDelivery).count, 2)
	same(t, "received", w.counter(EventsReceived), 4)
	same(t, "of the stream", [2]int64{s.Events(), s.Duplicates()}, [2]int64{4, 2})
}

func TestAnEventWithoutAStampIsABurstAllTheSame(t *testing.T) {
	w := newWorld()
	w.measure()
	s := w.foreign()
	w.plain(s)
	s.Event(w.now, Values{Sequence: 7, DueAt: -1, SentAt: -1}, true)
	w.exact(1, keyDelivery).holds(t, "delivery", 0, 0)
	same(t, "bursts", s.phase.events, 2)
	same(t, "unsequenced", s.unsequenced, 1)
	same(t, "stamped", w.r.tallies.stamped, false)
}

func TestWithoutAClockInCommonLatencyLessTheSmallestIsWhatIsKnown(t *testing.T) {
	// The other clock is hours behind, or ahead, of ours: its stamps tell nothing of our phases.
	for _, apart := range []int64{-2 * hour, 0, 2 * hour} {
		w := newWorld()
		w.r.SetStampClock("none")
		w.measure()
		s := w.foreign()
		for sequence, late := range []int64{300, 200, 250} {
			w.at(int64(sequence+1) * second)
			w.stamped(s, int64(sequence), w.now-start-late+apart)
		}
		c := w.exact(1, keyVariation)
		same(t, "variation", [3]int64{c.count, c.min, c.sum}, [3]int64{3, 0, 50})
		w.exact(1, keyDelivery).holds(t, "delivery", 0, 0)
		same(t, "negative", w.counter(NegativeLatency), 0)
		same(t, "bursts", s.phase.events, 3)
		same(t, "fan-out", len(w.fanout()), 0)
		w.stopAt(w.now - start)
		w.stamped(s, 9, w.now-start+apart)
		w.exact(2, keyVariation).holds(t, "after the stop", 0, 0)
	}
}

func TestNoticesOfTheReferenceServerAreNoData(t *testing.T) {
	w := newWorld()
	w.measure()
	s := w.opening()
	w.event(s, 0)
	w.at(500)
	s.Event(w.now, Values{Sequence: -1, DueAt: -1, SentAt: -1, Notice: true}, true)
	w.at(800)
	w.event(s, 1)
	w.exact(1, keyGap).holds(t, "gap", 1, 800)
	same(t, "unsequenced", s.unsequenced, 0)
	same(t, "received", w.counter(EventsReceived), 3)
}

func TestTheFirstNumberThatCouldNotBeReadIsKept(t *testing.T) {
	w := newWorld()
	s := w.foreign()
	same(t, "none", w.r.Result(w.now).BadSequence == nil, true)
	w = newWorld()
	s = w.foreign()
	for _, bad := range []string{"", "-2"} {
		s.Event(w.now, Values{Sequence: -1, DueAt: -1, SentAt: -1, BadSequence: bad, HasBadSequence: true}, true)
	}
	same(t, "unsequenced", s.balance().Unsequenced, 2)
	same(t, "first receipts", s.balance().FirstReceipts, 0)
	if bad := w.r.Result(w.now).BadSequence; bad == nil || *bad != "" {
		t.Errorf("kept %v, wanted an empty text", bad)
	}
}

func TestHeadersOfAnotherServerThatLookLikeOursMeanNothing(t *testing.T) {
	w := newWorld()
	s := w.user(0, StreamOptions{})
	headers := referenceHeaders(1, 0, "a")
	headers["x-sse-harness"] = "0"
	s.Opened(w.now, headers, "4")
	same(t, "reference", s.Reference(), false)
	same(t, "channel", s.balance().Channel, "u")
	same(t, "number", s.ledger.connection().ServerStream, -1)
	w.open(s, 0)
	same(t, "ours", s.Reference(), true)
	same(t, "our channel", s.balance().Channel, "a")
	s.Opened(w.now, nil, "")
	same(t, "for good", s.Reference(), true)
}

func TestNumbersInHeaders(t *testing.T) {
	for text, value := range map[string]int64{
		"0": 0, "12": 12, "999999999999999": 999999999999999, "1000000000000000": -1, "": -1, "-1": -1, "+1": -1, "1x": -1, " 1": -1,
	} {
		same(t, text, integerOf(text), value)
	}
	headers := referenceHeaders(3, 8, "a")
	who, _ := toldBy(headers, "7")
	same(t, "told", who, told{joined{3, "one", 8, 7}, "a", true})
	delete(headers, "x-sse-harness-channel")
	who, _ = toldBy(headers, "seven")
	same(t, "told less", who, told{joined{3, "one", 8, -1}, "", false})
}
