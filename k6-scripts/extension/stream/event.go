// Package stream turns the bytes of a text/event-stream body into events, by the HTML standard, 9.2.5 and 9.2.6, and
// says what follows the end of one, by 9.2.3. It does no I/O and has no clock.
package stream

// Event is one dispatched event. Its slices hold only during the call they are given to: they lie in the chunk or in
// memory that the parser uses again.
type Event struct {
	// Data is all data lines of the block, joined by LF.
	Data []byte
	// Type is empty for the default, see Name.
	Type []byte
	// ID is the id that the event's own block has, when HasID; it may be empty.
	ID []byte
	// HasID tells an empty id, which takes the last one back, from none: then LastEventID is of an earlier block.
	HasID bool

	last *lastEventID
}

// Name is the event's type as text; 9.2.6 makes it message where the block has none.
func (e *Event) Name() string {
	if len(e.Type) == 0 {
		return "message"
	}
	return Text(e.Type)
}

// LastEventID is the last event ID string when this event was dispatched: its own id, or the one set before it. For ids
// that are UTF-8 these are the bytes as received.
func (e *Event) LastEventID() string {
	if e.last == nil {
		return ""
	}
	return e.last.text()
}

// Sink is told what the parser finds, in the order of the bytes. It may call Close of the parser, and nothing else of it
// that changes it.
type Sink interface {
	Event(e *Event)
	Comment()
	// Retry: the server sets the reconnection time, in milliseconds; never negative.
	Retry(ms int64)
	// Overflow: a line, or the data of one event, is longer than the limit. The parser has closed itself.
	Overflow()
}

// lastEventID is the last event ID string of 9.2.3, in memory that is used again: an event with an id costs a short copy
// and no allocation, and the string is made only when it is asked for.
type lastEventID struct {
	bytes []byte
}

func (l *lastEventID) set(id []byte) {
	l.bytes = append(l.bytes[:0], id...)
}

// text decodes before anything is sent: 9.2.3 has the string encoded again, so what was not UTF-8 goes back as U+FFFD.
func (l *lastEventID) text() string {
	return Text(l.bytes)
}
