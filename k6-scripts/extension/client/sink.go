package client

import (
	"time"

	"sse-harness/extension/stream"
)

// sink takes what the parser finds in a body.
type sink struct {
	stream *Stream
	now    int64
	ends   string
	err    error
	values values
}

func (k *sink) begin() {
	k.ends = ""
}

// over: nothing more of this connection is wanted.
func (k *sink) over() bool {
	return k.ends != "" || k.err != nil || k.stream.closed || k.stream.dropped
}

func (k *sink) reason() string {
	switch {
	case k.ends != "":
		return k.ends
	case k.err != nil:
		return stream.EndStopped
	default:
		return stream.EndDisconnected
	}
}

// Event records an event, and lets the script see it. Only in the latter case the lock is not held yet.
func (k *sink) Event(event *stream.Event) {
	s := k.stream
	s.Counts.Events++
	k.values.read(s, event)
	if s.hooks.Event == nil {
		k.values.record(s, k.now)
	} else {
		s.locked(k.now, func() { k.values.record(s, k.now) })
		if err := s.hooks.Event(event); err != nil {
			k.err = err
			s.parser.Close()
		}
	}
	// What the script itself has ended stays its own.
	if k.over() {
		return
	}
	if s.settings.Until != nil && s.settings.Until.matches(event) {
		k.end(stream.EndUntil)
	} else if s.settings.MaxEvents > 0 && s.Counts.Events >= s.settings.MaxEvents {
		k.end(stream.EndMaxEvents)
	}
}

func (k *sink) end(reason string) {
	k.ends = reason
	k.stream.parser.Close()
}

// Comment counts one.
func (k *sink) Comment() {
	s := k.stream
	s.Counts.Comments++
	if s.hooks.Event == nil {
		s.record.Comment()
	} else {
		s.locked(k.now, s.record.Comment)
	}
}

// Retry takes the reconnection time of the server.
func (k *sink) Retry(ms int64) {
	const longest = int64(1<<63-1) / int64(time.Millisecond)
	k.stream.retry = time.Duration(min(ms, longest)) * time.Millisecond
}

// Overflow ends a stream whose line or event is too long to be one.
func (k *sink) Overflow() {
	k.end(stream.EndLineTooLong)
}
