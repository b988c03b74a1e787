package stamp

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestMicros(t *testing.T) {
	for _, one := range []struct {
		text, unit string
		want       int64
	}{
		{"1700000000123456789", "ns", 1_700_000_000_123_456},
		{"1700000000123456", "us", 1_700_000_000_123_456},
		{"1700000000123", "ms", 1_700_000_000_123_000},
		{"1700000000", "s", 1_700_000_000_000_000},
		{"1700000000.123456", "s", 1_700_000_000_123_456},
		{"1700000000.1", "s", 1_700_000_000_100_000},
		{"1700000000.", "s", 1_700_000_000_000_000},
		{"1700000000.1234569", "s", 1_700_000_000_123_456},
		{"1700000000.12345699999999999999999999999999", "s", 1_700_000_000_123_456},
		{"1700000000123.456", "ms", 1_700_000_000_123_456},
		{"1700000000123456.9", "us", 1_700_000_000_123_456},
		{"1700000000123456789.5", "ns", 1_700_000_000_123_456},
		{"9007199254740993", "us", 9_007_199_254_740_993},
		{"9007199254740993999", "ns", 9_007_199_254_740_993},
		{"999", "ns", 0},
		{"0", "s", 0},
		// Seconds that are none: a stamp far off, as any other wrong unit gives, and no overflow.
		{"1700000000123", "s", 1_700_000_000_123_000_000},
		{"1700000000123456", "s", farthest},
		{"9999999999999999.9", "ms", farthest},
	} {
		if got := micros([]byte(one.text), units[one.unit]); got != one.want {
			t.Errorf("%s %s: %d, not %d", one.text, one.unit, got, one.want)
		}
	}
}

func TestNoStamp(t *testing.T) {
	for _, text := range []string{"", "-1", "+1", "x", ".5", " 1", "1 ", "1,5", "1.5x", "1.x", "1e9", "1..5", "17000000000000000"} {
		if got := micros([]byte(text), units["s"]); got != None {
			t.Errorf("%q is %d seconds", text, got)
		}
	}
	// As Java writes a double of epoch seconds: read to the E it would be the year 1970.
	for _, one := range [][2]string{
		{"1.700000000123E9", "s"}, {"1.7000000001234567E12", "ms"}, {"1.7e15", "us"}, {"1.7e18", "ns"}, {"1.1234567x", "s"},
		{"170000000012345678901", "ns"}, {"17000000000000000", "us"}, {"99999999999999999999999", "ms"},
	} {
		if got := micros([]byte(one[0]), units[one[1]]); got != None {
			t.Errorf("%s %s is read as %d", one[0], one[1], got)
		}
	}
}

func TestAnyTimeOfOursInAnyUnitExactly(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for range 2000 {
		us, rest := random.Int64N(4_000_000_000_000_000), random.IntN(1000)
		for name, u := range units {
			digits := fmt.Sprintf("%0*d", int(u)+1, us)
			switch {
			case u < 0:
				digits = fmt.Sprintf("%d%03d", us, rest)
			case u > 0:
				point := len(digits) - int(u)
				digits = fmt.Sprintf("%s.%s%d", digits[:point], digits[point:], rest)
			}
			if got := micros([]byte(digits), u); got != us {
				t.Fatalf("%s %s: %d, not %d", digits, name, got, us)
			}
		}
	}
}

func TestInteger(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "007": 7, "999999999999999": 999_999_999_999_999,
		"1000000000000000": None, strings.Repeat("9", 40): None, "": None, "-1": None, "1.0": None, "1e3": None,
	} {
		if got := integer([]byte(text)); got != want {
			t.Errorf("%q: %d, not %d", text, got, want)
		}
	}
}
