package record

import (
	"maps"
	"slices"
)

// SparseHistogram is one histogram of an interval: exact samples, and those known only to be "at least".
type SparseHistogram struct {
	Key      HistogramKey  `json:"key"`
	Exact    *SparseCounts `json:"exact"`
	Censored *SparseCounts `json:"censored"`
}

// SetSnapshot is what one phase recorded in one interval.
type SetSnapshot struct {
	Histograms []SparseHistogram `json:"histograms"`
	// Counters holds those that are not zero, by name.
	Counters map[string]int64 `json:"counters"`
}

// histogramSet has all metrics of one phase. Exact samples and those known only to be "at least" are kept apart, because
// a percentile must know which it is looking at.
type histogramSet struct {
	counters [counterCount]int64
	exact    map[HistogramKey]*counts
	censored map[HistogramKey]*counts
	// What every event records into, without looking it up.
	delivery, transit, gap, staleness, queueDelay *counts
}

func newHistogramSet() *histogramSet {
	s := &histogramSet{exact: map[HistogramKey]*counts{}, censored: map[HistogramKey]*counts{}}
	s.delivery = obtain(s.exact, keyDelivery)
	s.transit = obtain(s.exact, keyTransit)
	s.gap = obtain(s.exact, keyGap)
	s.staleness = obtain(s.exact, keyStaleness)
	s.queueDelay = obtain(s.exact, keyQueueDelay)
	return s
}

func obtain(byKey map[HistogramKey]*counts, key HistogramKey) *counts {
	found := byKey[key]
	if found == nil {
		found = newCounts(HighestOf(key))
		byKey[key] = found
	}
	return found
}

func (s *histogramSet) recordExact(key HistogramKey, value int64) {
	obtain(s.exact, key).record(value)
}

func (s *histogramSet) recordCensored(key HistogramKey, value int64) {
	obtain(s.censored, key).record(value)
}

// take hands over everything recorded since the last time and starts again; false when that is nothing.
func (s *histogramSet) take() (SetSnapshot, bool) {
	snapshot := SetSnapshot{Histograms: []SparseHistogram{}, Counters: map[string]int64{}}
	for _, key := range s.keys() {
		exact, censored := s.exact[key].take(), s.censored[key].take()
		if exact != nil || censored != nil {
			snapshot.Histograms = append(snapshot.Histograms, SparseHistogram{key, exact, censored})
		}
	}
	for counter, value := range s.counters {
		if value != 0 {
			snapshot.Counters[Counter(counter).String()] = value
			s.counters[counter] = 0
		}
	}
	return snapshot, len(snapshot.Histograms)+len(snapshot.Counters) > 0
}

// keys of all histograms there are, empty or not, sorted.
func (s *histogramSet) keys() []HistogramKey {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(s.exact)), maps.Keys(s.censored))
	slices.Sort(keys)
	return slices.Compact(keys)
}
