package record

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// rangesModel has the same numbers in a set.
type rangesModel struct {
	ranges    *ranges
	numbers   map[int64]bool
	low, high int64
}

func (m *rangesModel) add(from, to int64) {
	for n := from; n <= to; n++ {
		m.numbers[n] = true
	}
	m.low, m.high = min(m.low, from), max(m.high, to)
}

func (m *rangesModel) step(t *testing.T, random *rand.Rand) {
	gap, length := random.Int64N(4), 1+random.Int64N(6)
	switch random.IntN(3) {
	case 0:
		from := m.high + 1 + gap
		m.ranges.append(from, from+length-1)
		m.add(from, from+length-1)
	case 1:
		to := m.low - 1 - gap
		m.ranges.prepend(to-length+1, to)
		m.add(to-length+1, to)
	default:
		value := m.low + random.Int64N(60)
		removed := m.ranges.remove(value)
		if m.ranges.forgotten == 0 {
			same(t, "removed", removed, m.numbers[value])
		}
		if removed {
			delete(m.numbers, value)
		}
	}
}

func playRanges(t *testing.T, seed uint64, limit int) *rangesModel {
	random := rand.New(rand.NewPCG(seed, 1))
	model := &rangesModel{newRanges(limit), map[int64]bool{}, 1000, 999}
	for range random.IntN(60) {
		model.step(t, random)
	}
	return model
}

func TestRangesHoldTheNumbersOfASet(t *testing.T) {
	for seed := range uint64(500) {
		model := playRanges(t, seed, 1000)
		listed := model.ranges.list(1000)
		count := int64(0)
		for _, r := range listed {
			for n := r[0]; n <= r[1]; n++ {
				if !model.numbers[n] {
					t.Fatalf("seed %d: %d is not in the set", seed, n)
				}
				count++
			}
		}
		ascending := slices.IsSortedFunc(listed, func(a, b [2]int64) int { return int(a[1] + 1 - b[0]) })
		same(t, "ascending", ascending, true)
		same(t, "numbers", count, int64(len(model.numbers)))
		same(t, "total", model.ranges.total(), count)
		same(t, "forgotten", model.ranges.forgotten, 0)
	}
}

func TestRangesKeepNoMoreThanTheirLimitAndCountWhatTheyGiveUp(t *testing.T) {
	for seed := range uint64(500) {
		limit := 1 + int(seed%5)
		model := playRanges(t, seed, limit)
		if listed := len(model.ranges.list(1000)); listed > limit {
			t.Fatalf("seed %d: %d ranges, wanted at most %d", seed, listed, limit)
		}
		same(t, "total", model.ranges.total(), int64(len(model.numbers)))
	}
}

func TestRangesListTheOldestFirst(t *testing.T) {
	r := newRanges(10)
	for _, from := range []int64{1, 5, 9} {
		r.append(from, from+1)
	}
	if found := r.list(2); !slices.Equal(found, [][2]int64{{1, 2}, {5, 6}}) {
		t.Error(found)
	}
}
