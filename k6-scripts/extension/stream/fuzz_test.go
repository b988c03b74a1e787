package stream

import (
	"math/rand/v2"
	"testing"
)

// FuzzParser: any bytes, cut anywhere, give what the reference makes of them.
func FuzzParser(f *testing.F) {
	f.Add([]byte("data: a\r\nid: 1\r\n\r\ndata\ndata: b\n\n"), uint64(1))
	f.Add([]byte("\xef\xbb\xbfdata: \xe2\x82\xac\n: c\nretry: 99999999999999999999\nid: a\x00\nevent: e\n\n"), uint64(2))
	f.Add([]byte("\xef\xbbid: 1\r\rdata: \xff\xe2\x82\n\nid\n\n"), uint64(3))
	f.Fuzz(func(t *testing.T, input []byte, seed uint64) {
		want := reference(input)
		random := rand.New(rand.NewPCG(seed, 0))
		for pieces := range 6 {
			cuts := make([]int, pieces)
			for i := range cuts {
				cuts[i] = random.IntN(len(input) + 1)
			}
			if err := mustEqual(want, collect(input, DefaultLimit, cuts...).found); err != nil {
				t.Fatalf("%q cut at %v: %v", input, cuts, err)
			}
		}
		if err := mustEqual(want, collect(input, DefaultLimit, everywhere(input)...).found); err != nil {
			t.Fatalf("%q byte by byte: %v", input, err)
		}
	})
}

// Bytes that have a meaning here, so that random streams are full of fields, line ends and broken UTF-8.
var pieces = []string{
	"\n", "\r", "\r\n", "\n\n", ":", " ", "\x00", "data", "event", "id", "retry", "data: ", "id: ", "event:", "retry:",
	"\ufeff", "\xef", "\xbb", "\xbf", "\xe2\x82", "\xff", "\xf0\x9f\x98", "\U0001f600", "dat", "ret", "123", "0", "x",
}

func TestAgreesWithTheReference(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for range 5000 {
		input := []byte{}
		for range random.IntN(40) {
			input = append(input, pieces[random.IntN(len(pieces))]...)
		}
		cuts := make([]int, random.IntN(6))
		for i := range cuts {
			cuts[i] = random.IntN(len(input) + 1)
		}
		if err := mustEqual(reference(input), collect(input, DefaultLimit, cuts...).found); err != nil {
			t.Fatalf("%q cut at %v: %v", input, cuts, err)
		}
	}
}
