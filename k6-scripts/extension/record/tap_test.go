package record

import (
	"maps"
	"slices"
	"testing"
)

// tapped keeps what a tap was told.
type tapped map[string][]int64

func (told tapped) tap(name string, us int64) {
	told[name] = append(told[name], us)
}

func (told tapped) is(t *testing.T, key HistogramKey, values ...int64) {
	t.Helper()
	if !slices.Equal(told[string(key)], values) {
		t.Errorf("%s: told %v, wanted %v", key, told[string(key)], values)
	}
}

func TestATapIsToldOfTheValuesOfItsStream(t *testing.T) {
	w, told := scheduled(), tapped{}
	w.at(second)
	s := w.openingOf(StreamOptions{Tap: told.tap})
	w.event(w.openingOf(StreamOptions{Ordinal: 1}), 0)
	w.at(second + 100)
	w.eventSent(s, 0, second+30, second+60)
	w.at(second + 400)
	w.event(s, 1)
	told.is(t, keyConnect, 0)
	told.is(t, keyFirstEvent, 100)
	told.is(t, keyDelivery, 70, 0)
	told.is(t, keyTransit, 40, 0)
	told.is(t, keyGap, 300)
	w.at(5 * second)
	w.r.Advance(w.now)
	told.is(t, keyWorstGap)
	s.Ended(w.now, "lifetime")
	s.Finished(w.now, "done")
	told.is(t, keyWorstGap, 2*second-400)
	told.is(t, keyStreamDuration, 4*second)
	for name := range told {
		same(t, name+" is a name", slices.Contains(TappedNames(), name), true)
	}
}

func TestATapIsToldOfWhatIsOpenWhenItsStreamFinishesAndOfNothingAfter(t *testing.T) {
	w, told := newWorld(), tapped{}
	w.measure()
	s := w.openingOf(StreamOptions{Tap: told.tap})
	w.at(100)
	s.Ended(w.now, "reset")
	s.Failed(w.now, "status")
	w.at(300)
	s.Finished(w.now, "failed")
	told.is(t, keyFirstEvent, 300)
	told.is(t, keyOutage, 300)
	told.is(t, keyWorstGap, 300)
	before := maps.Clone(told)
	w.at(900)
	w.r.End(w.now)
	same(t, "told after", maps.EqualFunc(told, before, slices.Equal[[]int64]), true)
	w.censored(1, keyOutage).holds(t, "recorded all the same", 1, 900)
}
