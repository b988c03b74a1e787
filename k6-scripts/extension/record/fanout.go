package record

import "slices"

const (
	// An event that some open stream has not received so long after the first did is incomplete.
	fanoutLimit = 5 * second
	mostSlots   = 1024
	firstSlots  = 8
)

// FanoutEntry is one event's way to all streams; times are microseconds.
type FanoutEntry struct {
	Channel  string `json:"channel"`
	Sequence int64  `json:"sequence"`
	Stamp    int64  `json:"stamp"`
	Last     int64  `json:"last"`
	Received int64  `json:"received"`
	Expected int64  `json:"expected"`
}

type fanoutSlot struct {
	sequence, stamp, last, firstAt int64
	received, expected             int64
	used                           bool
}

// fanoutChannel is one broadcast sequence as seen by its streams: when did the last open stream get event n? Events are
// kept in a ring, so memory is bounded; a channel whose streams each have a sequence of their own is recognised by its
// stamps and left out.
type fanoutChannel struct {
	name string
	open int64
	// Its streams turned out not to follow one sequence.
	isPrivate bool
	newest    int64
	// The highest number handed in: what still comes of it came too late.
	settled int64
	// A power of two long, and only as long as the events in it need: there may be a channel for every stream.
	ring []fanoutSlot
	done []FanoutEntry
	// First live numbers of streams that joined ahead of the newest event seen.
	ahead []int64
}

func newFanoutChannel(name string) *fanoutChannel {
	return &fanoutChannel{name: name, newest: -1, settled: -1}
}

// join returns the first number that this stream is awaited for; `liveFrom` is what the server said, or -1.
func (c *fanoutChannel) join(liveFrom int64) int64 {
	from := liveFrom
	if liveFrom < 0 {
		from = c.newest + 1
	}
	c.open++
	if from > c.newest+1 {
		c.ahead = append(c.ahead, from)
	}
	// Others may have been quicker to get what this stream is to get too.
	c.expect(from, 1)
	return from
}

// leave: `highest` is the last number that the leaving stream received; what it lacks is not waited for any more.
func (c *fanoutChannel) leave(from, highest int64) {
	c.open--
	if at := slices.Index(c.ahead, from); at >= 0 {
		c.ahead = slices.Delete(c.ahead, at, at+1)
	}
	c.expect(max(from, highest+1), -1)
}

func (c *fanoutChannel) expect(from, more int64) {
	if from > c.newest {
		return
	}
	for i := range c.ring {
		if slot := &c.ring[i]; slot.used && slot.sequence >= from {
			slot.expected += more
		}
	}
}

// receive: `from` is what join returned. What lies below it is a replay, which goes to the one stream that asked for it.
func (c *fanoutChannel) receive(sequence, stamp, now, from int64) {
	if c.isPrivate {
		return
	}
	slot := c.slot(sequence)
	if !slot.used || slot.sequence < sequence {
		if sequence <= c.settled || sequence < from {
			return
		}
		if slot.used {
			c.settle(slot)
		}
		c.begin(slot, sequence, stamp, now)
		return
	}
	if slot.sequence != sequence {
		return
	}
	if slot.stamp != stamp {
		c.isPrivate = true
		c.ring, c.done = nil, nil
		return
	}
	if sequence >= from {
		slot.received++
		slot.last = now
	}
}

// slot is where the event is, or is to be. Two events share a slot only in a ring that cannot grow any more.
func (c *fanoutChannel) slot(sequence int64) *fanoutSlot {
	for {
		if size := int64(len(c.ring)); size > 0 {
			slot := &c.ring[sequence&(size-1)]
			if !slot.used || slot.sequence == sequence || size == mostSlots {
				return slot
			}
		}
		c.grow()
	}
}

func (c *fanoutChannel) grow() {
	grown := make([]fanoutSlot, max(firstSlots, 2*len(c.ring)))
	for _, slot := range c.ring {
		if slot.used {
			grown[slot.sequence&int64(len(grown)-1)] = slot
		}
	}
	c.ring = grown
}

func (c *fanoutChannel) begin(slot *fanoutSlot, sequence, stamp, now int64) {
	c.newest = max(c.newest, sequence)
	if len(c.ahead) > 0 {
		c.ahead = slices.DeleteFunc(c.ahead, func(from int64) bool { return from <= sequence })
	}
	*slot = fanoutSlot{
		sequence: sequence, stamp: stamp, last: now, firstAt: now,
		received: 1, expected: c.open - int64(len(c.ahead)), used: true,
	}
}

// take gives the entries that nothing more is awaited for: older than the limit, or all when `everything`.
func (c *fanoutChannel) take(into []FanoutEntry, now int64, everything bool) []FanoutEntry {
	waiting := 0
	for i := range c.ring {
		slot := &c.ring[i]
		if !slot.used {
			continue
		}
		if everything || now-slot.firstAt >= fanoutLimit {
			c.settle(slot)
		} else {
			waiting++
		}
	}
	if waiting == 0 {
		c.ring = nil
	}
	into = append(into, c.done...)
	c.done = c.done[:0]
	return into
}

func (c *fanoutChannel) settle(slot *fanoutSlot) {
	c.settled = max(c.settled, slot.sequence)
	c.done = append(c.done, FanoutEntry{c.name, slot.sequence, slot.stamp, slot.last, slot.received, slot.expected})
	slot.used = false
}

// isIdle: nobody follows it and nothing is left to hand in.
func (c *fanoutChannel) isIdle() bool {
	return c.open == 0 && len(c.ring) == 0 && len(c.done) == 0
}
