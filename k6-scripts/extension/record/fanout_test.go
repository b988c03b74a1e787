package record

import (
	"cmp"
	"slices"
	"testing"
)

func (w *world) entries() []FanoutEntry {
	return sorted(w.fanout())
}

func sorted(entries []FanoutEntry) []FanoutEntry {
	slices.SortFunc(entries, func(a, b FanoutEntry) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Sequence, b.Sequence))
	})
	return entries
}

// shares are received and expected of each event, in order.
func (w *world) shares(t *testing.T, wanted ...[2]int64) {
	t.Helper()
	var found [][2]int64
	for _, entry := range w.entries() {
		found = append(found, [2]int64{entry.Received, entry.Expected})
	}
	if !slices.Equal(found, wanted) {
		t.Errorf("received and expected %v, wanted %v", found, wanted)
	}
}

func TestABroadcastIsCompleteWithTheLastOpenStream(t *testing.T) {
	w := newWorld()
	for i, s := range w.openings(3) {
		w.at(10 + int64(i))
		w.eventDue(s, 0, 5)
	}
	entries := w.entries()
	if wanted := (FanoutEntry{"a", 0, start + 5, start + 12, 3, 3}); len(entries) != 1 || entries[0] != wanted {
		t.Errorf("%v, wanted %v", entries, wanted)
	}
}

func TestWhoIsWaitedFor(t *testing.T) {
	for _, c := range []struct {
		name   string
		act    func(w *world, streams []*Stream)
		shares [][2]int64
	}{
		{"one that has not received it", func(w *world, streams []*Stream) {
			w.event(streams[0], 0)
			w.event(streams[1], 0)
		}, [][2]int64{{2, 3}}},
		{"none that has left without it", func(w *world, streams []*Stream) {
			w.event(streams[0], 0)
			w.event(streams[1], 0)
			streams[1].Ended(w.now, "reset")
			streams[2].Ended(w.now, "reset")
			w.event(streams[0], 1)
		}, [][2]int64{{2, 2}, {1, 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			c.act(w, w.openings(3))
			w.shares(t, c.shares...)
		})
	}
}

func TestAStreamThatJoins(t *testing.T) {
	t.Run("in time is waited for, though others were quicker", func(t *testing.T) {
		w := newWorld()
		first := w.opening()
		for sequence := range int64(3) {
			w.event(first, sequence)
		}
		second := w.user(0, StreamOptions{Ordinal: 1})
		// The server had published 0 when it joined; 1 and 2 are on their way to it.
		w.open(second, 1)
		w.eventDue(second, 1, 0)
		w.shares(t, [2]int64{1, 1}, [2]int64{2, 2}, [2]int64{1, 2})
	})
	for _, leaves := range []bool{false, true} {
		t.Run("to begin later is waited for from then on, unless it has left", func(t *testing.T) {
			w := newWorld()
			first, second := w.opening(), w.user(0, StreamOptions{Ordinal: 1})
			w.open(second, 2)
			last := [2]int64{2, 2}
			if leaves {
				second.Ended(w.now, "lifetime")
				last = [2]int64{1, 1}
			}
			for sequence := range int64(3) {
				w.event(first, sequence)
			}
			if !leaves {
				w.event(second, 2)
			}
			w.shares(t, [2]int64{1, 1}, [2]int64{1, 1}, last)
		})
	}
}

func TestAReplayGoesToOneStreamAndIsNoFanout(t *testing.T) {
	for _, isTold := range []bool{true, false} {
		w := newWorld()
		open := func(s *Stream, next int64) {
			if isTold {
				w.open(s, next)
			} else {
				s.Opened(w.now, map[string]string{}, "")
			}
		}
		streams := []*Stream{w.user(0, StreamOptions{}), w.user(0, StreamOptions{Ordinal: 1})}
		for _, s := range streams {
			open(s, 0)
		}
		for _, s := range streams {
			w.eventDue(s, 0, 0)
		}
		streams[1].Ended(w.now, "reset")
		w.at(second)
		w.eventDue(streams[0], 1, second)
		w.at(3 * second)
		open(streams[1], 2)
		w.eventDue(streams[1], 1, second)
		for _, s := range streams {
			w.eventDue(s, 2, 3*second)
		}
		w.shares(t, [2]int64{2, 2}, [2]int64{1, 1}, [2]int64{2, 2})
	}
	w := newWorld()
	s := w.opening()
	w.open(s, 2)
	w.event(s, 1)
	w.event(s, 2)
	if entries := w.entries(); len(entries) != 1 || entries[0].Sequence != 2 {
		t.Errorf("an event that no stream had when it was live: %v", entries)
	}
}

func TestSequencesOfTheirOwnAreRecognisedByTheirStamps(t *testing.T) {
	w := newWorld()
	streams := []*Stream{w.foreign(), w.foreign()}
	w.stamped(streams[0], 0, -5)
	w.stamped(streams[1], 0, -4)
	w.stamped(streams[0], 1, 0)
	w.stamped(streams[1], 1, 0)
	w.shares(t)
}

func TestAnEventIsHandedInFiveSecondsAfterTheFirstStreamHadIt(t *testing.T) {
	channel := newFanoutChannel("a")
	channel.join(0)
	channel.join(0)
	channel.receive(0, start, start+10, 0)
	same(t, "before", len(channel.take(nil, start+9+fanoutLimit, false)), 0)
	entries := channel.take(nil, start+10+fanoutLimit, false)
	if len(entries) != 1 || entries[0].Received != 1 || entries[0].Expected != 2 {
		t.Error(entries)
	}
	channel.receive(0, start, start+11+fanoutLimit, 0)
	same(t, "too late", len(channel.take(nil, start+10*fanoutLimit, true)), 0)
}
