package record

import (
	"math/rand/v2"
	"testing"
)

// truth is what really became of one stream, told by sets of numbers and nothing else.
type truth struct {
	terms
	missing, span, restarts int64
	// Of the life that is on.
	due, newest int64
	received    map[int64]bool
	connections []*wireTruth
}

type wireTruth struct {
	liveFrom, highest, receipts, repeats int64
	received                             map[int64]bool
}

func (w *wireTruth) skipped() int64 {
	skipped, lowest := int64(0), w.highest
	for sequence := range w.received {
		lowest = min(lowest, sequence)
	}
	for sequence := lowest; sequence <= w.highest; sequence++ {
		if w.highest >= 0 && !w.received[sequence] {
			skipped++
		}
	}
	return skipped
}

// simulation is a server, a way and a reader that all go wrong; everything is drawn from random.
type simulation struct {
	random   *rand.Rand
	ledger   *sequenceLedger
	truth    truth
	head     int64
	instance int
	noise    float64
}

func (s *simulation) chance(probability float64) bool {
	return s.random.Float64() < probability
}

func (s *simulation) endLife() {
	t := &s.truth
	for sequence := t.due; sequence <= t.newest; sequence++ {
		if !t.received[sequence] {
			t.missing++
		}
	}
	t.span += t.newest + 1 - t.due
}

func (s *simulation) beginLife(due int64) {
	s.truth.due, s.truth.newest = due, due-1
	s.truth.received = map[int64]bool{}
}

// connect: with a replay of what the reader asks for, as far as the server still has it.
func (s *simulation) connect(isRestarted bool) []int64 {
	t := &s.truth
	who := joined{int64(len(t.connections)), string(rune('a' + s.instance)), s.head + 1, -1}
	from := who.liveFrom
	if len(t.connections) > 0 && !isRestarted && t.newest >= t.due && s.chance(0.8) {
		who.resumedFrom = t.newest
		from = max(t.newest+1-s.random.Int64N(8), who.liveFrom-s.random.Int64N(20), 1)
	}
	if isRestarted {
		s.endLife()
		t.restarts++
	}
	if isRestarted || len(t.connections) == 0 {
		s.beginLife(who.liveFrom)
	}
	t.connections = append(t.connections, &wireTruth{liveFrom: who.liveFrom, highest: -1, received: map[int64]bool{}})
	s.ledger.join(who)
	s.head += s.random.Int64N(30)
	var wire []int64
	for sequence := from; sequence <= s.head; sequence++ {
		wire = append(wire, sequence)
	}
	return wire
}

// spoil drops, doubles and swaps; what is left is what the reader receives.
func (s *simulation) spoil(wire []int64) []int64 {
	var out []int64
	for _, sequence := range wire {
		if s.chance(s.noise) {
			continue
		}
		out = append(out, sequence)
		if s.chance(s.noise) {
			out = append(out, sequence)
		}
	}
	for i := range len(out) - 1 {
		if s.chance(s.noise) {
			out[i], out[i+1] = out[i+1], out[i]
		}
	}
	return out
}

func (s *simulation) receive(sequence int64) {
	t := &s.truth
	wire := t.connections[len(t.connections)-1]
	wire.receipts++
	if wire.received[sequence] {
		wire.repeats++
	}
	if sequence < wire.liveFrom {
		t.replayed++
	}
	switch {
	case sequence < t.due:
		t.early++
	case t.received[sequence]:
		t.duplicates++
	default:
		t.first++
		if sequence < wire.highest {
			t.reordered++
		}
	}
	t.received[sequence], wire.received[sequence] = true, true
	t.newest, wire.highest = max(t.newest, sequence), max(wire.highest, sequence)
	s.ledger.receive(sequence)
}

func (s *simulation) run() {
	for number := range 2 + s.random.IntN(6) {
		isRestarted := number > 0 && s.chance(0.1)
		if isRestarted {
			s.instance++
			s.head = s.random.Int64N(40)
		}
		for _, sequence := range s.spoil(s.connect(isRestarted)) {
			s.receive(sequence)
		}
	}
	s.endLife()
}

func simulate(seed uint64) *simulation {
	s := &simulation{
		random: rand.New(rand.NewPCG(seed, 7)),
		ledger: newSequenceLedger(),
		noise:  []float64{0, 0.05, 0.2}[seed%3],
	}
	s.head = s.random.Int64N(40)
	s.run()
	return s
}

func TestEveryCountIsTheTruth(t *testing.T) {
	var seen truth
	for seed := range uint64(3000) {
		s := simulate(seed)
		ledger, wanted := s.ledger, &s.truth
		same(t, "terms", termsOf(ledger), wanted.terms)
		same(t, "missing", ledger.missing(), wanted.missing)
		same(t, "restarts", ledger.earlier.count, wanted.restarts)
		same(t, "span", ledger.earlier.span+ledger.next-ledger.first, wanted.span)
		lacked := int64(0)
		for i, connection := range ledger.connections {
			wire := wanted.connections[i]
			found := [4]int64{connection.Receipts, connection.Repeats, connection.Highest, connection.Skipped}
			same(t, "connection", found, [4]int64{wire.receipts, wire.repeats, wire.highest, wire.skipped()})
			lacked += connection.MissedBefore + connection.MissedInside
		}
		same(t, "charged to connections", lacked, wanted.missing)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		seen.add(wanted)
	}
	if min(seen.first, seen.duplicates, seen.reordered, seen.early, seen.replayed, seen.missing, seen.restarts) < 100 {
		t.Errorf("the world does not do all it is said to do: %+v, %d, %d", seen.terms, seen.missing, seen.restarts)
	}
}

func (t *truth) add(other *truth) {
	t.first += other.first
	t.duplicates += other.duplicates
	t.reordered += other.reordered
	t.early += other.early
	t.replayed += other.replayed
	t.missing += other.missing
	t.restarts += other.restarts
}
