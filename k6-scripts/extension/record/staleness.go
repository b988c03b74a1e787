package record

import "math"

// StalenessTick is how often the age of a stream's newest event is sampled, in microseconds.
const StalenessTick = second / 10

const goldenRatio = 0.618033988749895

// stalenessSampler knows when the age of one stream's newest event is sampled: once in every tick of a measured phase, at
// a place in the tick that the golden ratio spreads evenly over streams and ticks. At fixed times a server whose period
// is a tick would always be caught at the same age.
type stalenessSampler struct {
	// The next sample's time; never outside of measured phases.
	nextTick int64
	stream   int64
	start    int64
	tick     int64
}

func newStalenessSampler(stream int) stalenessSampler {
	return stalenessSampler{nextTick: math.MaxInt64, stream: int64(stream)}
}

// begin: a phase began at `start`; this stream is wanted from `at` on.
func (s *stalenessSampler) begin(start, at int64) {
	s.start = start
	s.tick = (at-start+StalenessTick-1)/StalenessTick - 1
	s.advance()
}

func (s *stalenessSampler) end() {
	s.nextTick = math.MaxInt64
}

// fill takes every sample up to `now` that has not been taken yet, with the newest data of that time. Needs no timer: it
// is called before the newest changes, so a tick that a busy process would have missed is there all the same.
func (s *stalenessSampler) fill(into *counts, now, newest int64) {
	for s.nextTick <= now {
		into.record(max(0, s.nextTick-newest))
		s.advance()
	}
}

func (s *stalenessSampler) advance() {
	s.tick++
	// The conversions forbid fused operations, which would round differently from machine to machine.
	place := float64(float64(s.tick+s.stream) * goldenRatio)
	within := place - math.Floor(place)
	offset := float64((float64(s.tick) + within) * float64(StalenessTick))
	s.nextTick = s.start + int64(math.Floor(offset+0.5))
}
