package record

import (
	"math"
	"math/bits"
)

// Bucket arithmetic of an HdrHistogram with lowest value 1 and 3 significant digits: values below 2048 have a bucket
// each, and every further power of two is cut into 1024.
const (
	halfBits   = 10
	half       = 1 << halfBits
	subBuckets = 2 * half
)

// bucketIndex is the bucket of a value that is not negative.
func bucketIndex(value int64) int {
	shift := bits.Len64(uint64(value)|(subBuckets-1)) - (halfBits + 1)
	return shift<<halfBits + int(value>>shift)
}

// lowestEquivalent is the smallest value that falls into the bucket.
func lowestEquivalent(index int) int64 {
	if index < subBuckets {
		return int64(index)
	}
	return int64(index&(half-1)+half) << (index>>halfBits - 1)
}

const firstLength = 2048

// counts is the accumulator behind every histogram metric. It holds one number a bucket however many values come, and
// next to nothing until the first one: an HdrHistogram of the library would take 200 kB at once, and keeps neither sum
// nor overflow.
type counts struct {
	highest  int64
	buckets  []int64
	count    int64
	overflow int64
	min      int64
	max      int64
	sum      int64
}

func newCounts(highest int64) *counts {
	return &counts{highest: highest, min: math.MaxInt64, max: -1}
}

// record takes one value in microseconds. A negative one is no duration, and is never recorded.
func (c *counts) record(value int64) {
	if value < 0 {
		return
	}
	c.min = min(c.min, value)
	c.max = max(c.max, value)
	c.sum += value
	if value > c.highest {
		c.overflow++
		return
	}
	index := bucketIndex(value)
	if index >= len(c.buckets) {
		c.grow(index)
	}
	c.buckets[index]++
	c.count++
}

func (c *counts) grow(index int) {
	wanted := max(firstLength, 2*len(c.buckets), index+1)
	grown := make([]int64, min(wanted, bucketIndex(c.highest)+1))
	copy(grown, c.buckets)
	c.buckets = grown
}

func (c *counts) isEmpty() bool {
	return c.count+c.overflow == 0
}

// take hands over a copy of the buckets that are not empty and starts again; the memory is kept for the next interval.
// Nil when there is nothing.
func (c *counts) take() *SparseCounts {
	if c == nil || c.isEmpty() {
		return nil
	}
	sparse := &SparseCounts{
		Highest: c.highest, Count: c.count, Overflow: c.overflow, Min: c.min, Max: c.max, Sum: c.sum,
	}
	if c.count > 0 {
		c.takeBuckets(sparse)
	}
	c.count, c.overflow, c.sum = 0, 0, 0
	c.min, c.max = math.MaxInt64, -1
	return sparse
}

// takeBuckets walks from min to max only, so an interval costs what it holds.
func (c *counts) takeBuckets(into *SparseCounts) {
	from, to := bucketIndex(min(c.min, c.highest)), bucketIndex(min(c.max, c.highest))
	for index := from; index <= to && index < len(c.buckets); index++ {
		if c.buckets[index] == 0 {
			continue
		}
		into.Buckets = append(into.Buckets, Bucket{Lowest: lowestEquivalent(index), Count: c.buckets[index]})
		c.buckets[index] = 0
	}
}
