package record

import (
	"strconv"
	"testing"
)

func TestNothingStaysOfAStreamThatHasFinished(t *testing.T) {
	w := newWorld()
	w.measure()
	s := w.opening()
	for _, sequence := range []int64{0, 3, 3, 2} {
		w.event(s, sequence)
	}
	s.Ended(w.now, "lifetime")
	s.Finished(w.now, "done")
	same(t, "members", len(w.r.members), 0)
	same(t, "ledger", s.ledger, nil)
	same(t, "channel", s.channel, nil)
	same(t, "for the script", [4]int64{s.Events(), s.Lost(), s.Duplicates(), s.Reordered()}, [4]int64{4, 1, 1, 1})
	balance := w.r.Take(w.now, false).Balances[0]
	same(t, "balance", [3]int64{balance.Next, balance.Missing, balance.Duplicates}, [3]int64{4, 1, 1})
	same(t, "missing", balance.MissingRanges[0], [2]int64{1, 1})
	same(t, "handed over twice", len(w.r.Take(w.now, false).Balances), 0)
}

func TestTheScriptMayAskWhileTheStreamIsOn(t *testing.T) {
	w := newWorld()
	s := w.user(0, StreamOptions{})
	s.Opened(w.now, referenceHeaders(1, 3, "a"), "0")
	for _, sequence := range []int64{1, 3, 3, 6} {
		w.event(s, sequence)
	}
	same(t, "sums", [3]int64{s.Lost(), s.Duplicates(), s.Replayed()}, [3]int64{3, 1, 1})
}

func TestMembersAreForgottenOneByOne(t *testing.T) {
	w := newWorld()
	w.measure()
	streams := w.openings(5)
	for _, i := range []int{1, 4, 0, 3, 2} {
		streams[i].Ended(w.now, "lifetime")
		streams[i].Finished(w.now, "done")
		for place, member := range w.r.members {
			same(t, "place", member.member, place)
		}
	}
	same(t, "members", len(w.r.members), 0)
	same(t, "wanted", w.r.occupancy.wanted, 0)
}

func TestStreamsThatFailForeverAreLetGoOfBeyondABound(t *testing.T) {
	w := newWorld()
	const more = 100
	for range mostFailed + more {
		s := w.user(0, StreamOptions{})
		s.Failed(w.now, "status")
		s.Finished(w.now, "failed")
	}
	same(t, "kept", [2]int64{int64(len(w.r.members)), w.r.occupancy.wanted}, [2]int64{mostFailed, mostFailed})
	interval := w.r.Take(w.now, false)
	same(t, "balances", len(interval.Balances), mostFailed+more)
	same(t, "settled", interval.Settled, mostFailed+more)
}

func TestChannelsThatNobodyFollowsAreForgottenBeyondABound(t *testing.T) {
	w := newWorld()
	for i := range mostChannels + 100 {
		s := w.user(0, StreamOptions{Channel: strconv.Itoa(i)})
		s.Opened(w.now, nil, "")
		w.stamped(s, 1, 0)
		if i > 0 {
			s.Ended(w.now, "lifetime")
			s.Finished(w.now, "done")
		}
	}
	same(t, "entries", len(w.fanout()), mostChannels+100)
	same(t, "left", len(w.r.channels), 1)
	if w.r.channels["0"] == nil {
		t.Error("the one that is followed was forgotten")
	}
}

func TestArrivals(t *testing.T) {
	w := newWorld()
	w.opening()
	w.r.DroppedArrivals(2)
	w.r.DroppedArrivals(3)
	same(t, "started", w.r.Take(w.now, false).Started, 6)
	result := w.r.Result(w.now)
	same(t, "result", [2]int64{result.Users, result.DroppedArrivals}, [2]int64{1, 5})
}
