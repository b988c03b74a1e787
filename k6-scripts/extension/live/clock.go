// Package live is what all streams of one k6 process share: its clock and its recorder.
package live

import "time"

// One reading of the wall clock; everything after it is monotonic, so no step of the clock reaches a figure.
var origin = time.Now()

// Now is the time in epoch microseconds.
func Now() int64 {
	return (origin.UnixNano() + int64(time.Since(origin))) / int64(time.Microsecond)
}

// Step tells how far the wall clock has been moved since the process began, in microseconds.
func Step() int64 {
	// Round strips the monotonic reading, so that the two are compared and not one with itself.
	return time.Now().Round(0).UnixMicro() - Now()
}

// Micros turns a duration into whole microseconds.
func Micros(d time.Duration) int64 {
	return d.Microseconds()
}

// Time turns epoch microseconds into a time that k6's samples can carry.
func Time(us int64) time.Time {
	return origin.Add(time.Duration(us*int64(time.Microsecond) - origin.UnixNano()))
}
