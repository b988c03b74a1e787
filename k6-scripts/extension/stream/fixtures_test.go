package stream

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"testing"
)

type fixture struct {
	Name        string  `json:"name"`
	Input       []byte  `json:"inputBase64"`
	Expected    []found `json:"expected"`
	LastEventID string  `json:"lastEventId"`
}

// fixtures are the streams that every parser of the project is fed with.
func fixtures(tb testing.TB) []fixture {
	text, err := os.ReadFile("../../../test/fixtures/streams/streams.json")
	if err != nil {
		tb.Fatal(err)
	}
	var all []fixture
	if err := json.Unmarshal(text, &all); err != nil {
		tb.Fatal(err)
	}
	if len(all) < 90 {
		tb.Fatalf("only %d fixtures; they are written by the unit tests of harness/sse", len(all))
	}
	return all
}

func TestFixtures(t *testing.T) {
	for _, f := range fixtures(t) {
		t.Run(f.Name, func(t *testing.T) {
			check := func(how string, cuts ...int) {
				if err := mustEqual(f.Expected, collect(f.Input, DefaultLimit, cuts...).found); err != nil {
					t.Errorf("%s %v: %v", how, cuts, err)
				}
			}
			if err := mustEqual(f.Expected, reference(f.Input)); err != nil {
				t.Errorf("the reference: %v", err)
			}
			check("whole")
			check("byte by byte", everywhere(f.Input)...)
			for cut := range len(f.Input) + 1 {
				check("cut in two at", cut)
			}
			random := rand.New(rand.NewPCG(1, uint64(len(f.Input))))
			for range 100 {
				cuts := make([]int, 1+random.IntN(4))
				for i := range cuts {
					cuts[i] = random.IntN(len(f.Input) + 1)
				}
				check("cut at", cuts...)
			}
			p := NewParser(&collector{}, DefaultLimit, "")
			p.Push(f.Input)
			if got := p.LastEventID(); got != f.LastEventID {
				t.Errorf("a reconnect would send %q, not %q", got, f.LastEventID)
			}
		})
	}
}
