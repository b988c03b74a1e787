package stream

import "bytes"

// mostKept is how much memory a parser keeps for the next event that needs copying, in bytes a buffer: enough for usual
// events, and nothing to speak of with ten thousand streams.
const mostKept = 4096

// buffered is the value of a field: a range of the chunk as long as that will do, a copy once it has to be one.
type buffered struct {
	value []byte
	// set: the block has the field, which an empty value alone does not tell.
	set   bool
	owned bool
	own   []byte
}

func (f *buffered) put(value []byte) {
	f.value, f.set, f.owned = value, true, false
}

// keep makes the value outlive its chunk.
func (f *buffered) keep() {
	if !f.set || f.owned {
		return
	}
	f.own = append(f.own[:0], f.value...)
	f.value, f.owned = f.own, true
}

func (f *buffered) addLine(line []byte) {
	f.keep()
	f.own = append(f.own, '\n')
	f.own = append(f.own, line...)
	f.value = f.own
}

func (f *buffered) clear() {
	if cap(f.own) > mostKept {
		f.own = nil
	}
	f.value, f.set, f.owned = nil, false, false
}

// block is the lines that become one event: the buffers for data, event type and last event ID of 9.2.6.
type block struct {
	sink  Sink
	limit int
	data  buffered
	kind  buffered
	id    buffered
	last  lastEventID
	// One for all events of the stream, so that none is allocated.
	event Event
}

// leave: the chunk goes away, so what an unfinished block has in it is copied.
func (b *block) leave() {
	b.data.keep()
	b.kind.keep()
	b.id.keep()
}

func (b *block) clear() {
	b.data.clear()
	b.kind.clear()
	b.id.clear()
}

// line processes a line that is not empty; its first byte leaves one field that it can be. False when the data is over
// the limit.
func (b *block) line(line []byte) bool {
	switch line[0] {
	case 'd':
		if value, ok := valueOf(line, "data"); ok {
			return b.addData(value)
		}
	case 'i':
		// An id with NUL is ignored (9.2.6, field id), and one before it in the block stays.
		if value, ok := valueOf(line, "id"); ok && bytes.IndexByte(value, 0) < 0 {
			b.id.put(value)
		}
	case 'e':
		if value, ok := valueOf(line, "event"); ok {
			b.kind.put(value)
		}
	case 'r':
		if value, ok := valueOf(line, "retry"); ok {
			if ms, ok := digitsValue(value); ok {
				b.sink.Retry(ms)
			}
		}
	case ':':
		b.sink.Comment()
	}
	return true
}

func (b *block) addData(value []byte) bool {
	if !b.data.set {
		b.data.put(value)
		return true
	}
	if len(b.data.value)+1+len(value) > b.limit {
		return false
	}
	b.data.addLine(value)
	return true
}

// end dispatches the event. Without data there is none, but the id counts (9.2.6, steps 1 and 2 of the dispatch).
func (b *block) end() {
	if b.id.set {
		b.last.set(b.id.value)
	}
	if b.data.set {
		b.event = Event{Data: b.data.value, Type: b.kind.value, ID: b.id.value, HasID: b.id.set, last: &b.last}
		b.sink.Event(&b.event)
		// Else it would keep the chunk from being freed.
		b.event = Event{}
	}
	b.clear()
}
