package record

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// fullRing is a channel that has all its slots from the beginning, as that of the Node harness.
func fullRing() *fanoutChannel {
	channel := newFanoutChannel("a")
	channel.ring = make([]fanoutSlot, mostSlots)
	return channel
}

func TestARingThatGrowsIsAsGoodAsAFullOne(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 3))
		growing, full := newFanoutChannel("a"), fullRing()
		both := func(do func(c *fanoutChannel)) { do(growing); do(full) }
		both(func(c *fanoutChannel) { c.join(0); c.join(0); c.join(40) })
		head := int64(0)
		for step := range int64(600) {
			head += random.Int64N([]int64{2, 50, 700}[seed%3])
			sequence := max(0, head-random.Int64N(1500)*random.Int64N(2))
			both(func(c *fanoutChannel) { c.receive(sequence, sequence, start+step, 0) })
			if step%100 == 99 {
				now := start + step + fanoutLimit - 50
				if a, b := sorted(growing.take(nil, now, false)), sorted(full.take(nil, now, false)); !slices.Equal(a, b) {
					t.Fatalf("seed %d: %v, wanted %v", seed, a, b)
				}
				full.ring = append(full.ring, make([]fanoutSlot, mostSlots-len(full.ring))...)
			}
		}
		if size := len(growing.ring); size > mostSlots {
			t.Fatalf("%d slots", size)
		}
		if a, b := sorted(growing.take(nil, start, true)), sorted(full.take(nil, start, true)); !slices.Equal(a, b) {
			t.Fatalf("seed %d: %v, wanted %v", seed, a, b)
		}
	}
}

func TestOfVeryManyAtOnceTheOlderOnesMakeRoomAndNoneIsLost(t *testing.T) {
	channel := newFanoutChannel("a")
	channel.join(0)
	for sequence := range int64(5000) {
		channel.receive(sequence, start, start, 0)
	}
	same(t, "slots", len(channel.ring), mostSlots)
	for i, entry := range sorted(channel.take(nil, start, true)) {
		same(t, "sequence", entry.Sequence, int64(i))
	}
	same(t, "slots of an idle channel", len(channel.ring), 0)
}
