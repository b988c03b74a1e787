package record

import (
	"slices"
	"sort"
)

// ranges are sorted, disjoint ranges of whole numbers, both ends included. Bounded: what does not fit is given up and
// counted.
type ranges struct {
	// from, to, from, to, ... in ascending order.
	ends []int64
	// How many ranges are kept; the oldest is given up first.
	limit int
	// Numbers in ranges that were given up for lack of room: missing for good.
	forgotten int64
}

func newRanges(limit int) *ranges {
	return &ranges{limit: limit}
}

// append adds a range that lies above all others.
func (r *ranges) append(from, to int64) {
	last := len(r.ends) - 1
	if last > 0 && r.ends[last] == from-1 {
		r.ends[last] = to
	} else {
		r.ends = append(r.ends, from, to)
	}
	r.bound()
}

// prepend adds a range that lies below all others.
func (r *ranges) prepend(from, to int64) {
	if len(r.ends) > 0 && r.ends[0] == to+1 {
		r.ends[0] = from
	} else {
		r.ends = slices.Insert(r.ends, 0, from, to)
	}
	r.bound()
}

// remove takes one number out; false when it was not there.
func (r *ranges) remove(value int64) bool {
	at := r.find(value)
	if at < 0 {
		return false
	}
	from, to := r.ends[at], r.ends[at+1]
	switch {
	case from == to:
		r.ends = slices.Delete(r.ends, at, at+2)
	case value == from:
		r.ends[at] = from + 1
	case value == to:
		r.ends[at+1] = to - 1
	default:
		r.ends = slices.Insert(r.ends, at+1, value-1, value+1)
		r.bound()
	}
	return true
}

func (r *ranges) bound() {
	if len(r.ends) <= r.limit*2 {
		return
	}
	r.forgotten += r.ends[1] - r.ends[0] + 1
	r.ends = r.ends[2:]
}

// total is how many numbers the ranges hold, the forgotten ones included. A nil receiver holds none.
func (r *ranges) total() int64 {
	if r == nil {
		return 0
	}
	sum := r.forgotten
	for i := 0; i < len(r.ends); i += 2 {
		sum += r.ends[i+1] - r.ends[i] + 1
	}
	return sum
}

// list gives as many as asked for, the lowest first.
func (r *ranges) list(most int) [][2]int64 {
	out := [][2]int64{}
	if r == nil {
		return out
	}
	for i := 0; i < len(r.ends) && len(out) < most; i += 2 {
		out = append(out, [2]int64{r.ends[i], r.ends[i+1]})
	}
	return out
}

// find is the index of the pair that holds the value, or -1.
func (r *ranges) find(value int64) int {
	pair := sort.Search(len(r.ends)/2, func(i int) bool { return r.ends[2*i+1] >= value })
	if pair == len(r.ends)/2 || r.ends[2*pair] > value {
		return -1
	}
	return 2 * pair
}
