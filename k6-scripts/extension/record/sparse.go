package record

import "encoding/json"

// Bucket is one bucket of a histogram that is not empty.
type Bucket struct {
	// Lowest is its smallest value, in microseconds.
	Lowest int64
	Count  int64
}

// SparseCounts is what one histogram recorded in one interval, in microseconds. It is a copy that needs no lock, so that
// the encoding, which is slow, holds up nobody.
type SparseCounts struct {
	Highest int64
	Buckets []Bucket
	// Count is that of the values within range; Overflow that of those above Highest, which are part of Min, Max and Sum
	// and in no bucket.
	Count, Overflow int64
	Min, Max, Sum   int64
}

// MarshalJSON writes the histogram, and beside it what its encoding cannot hold.
func (s *SparseCounts) MarshalJSON() ([]byte, error) {
	encoded, err := s.Encode()
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		HDR      string `json:"hdr"`
		Count    int64  `json:"count"`
		Min      int64  `json:"min"`
		Max      int64  `json:"max"`
		Sum      int64  `json:"sum"`
		Overflow int64  `json:"overflow"`
	}{encoded, s.Count, s.Min, s.Max, s.Sum, s.Overflow})
}
