package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"sse-harness/extension/live"
	"sse-harness/extension/stream"
)

const (
	// An event stream is mostly small chunks, and thousands of streams have a buffer each.
	smallBuffer = 4 << 10
	// A stream that fills its buffer is in a hurry.
	largeBuffer = 64 << 10
)

// readBody reads an open stream to its end.
func (s *Stream) readBody(ctx context.Context, response *http.Response) (reason, detail string, err error) {
	body := io.Reader(response.Body)
	if s.settings.BytesPerSecond > 0 {
		body = newPaced(ctx, body, s.settings.BytesPerSecond)
	}
	idle := s.watchIdle()
	defer idle.stop()
	buffer := make([]byte, smallBuffer)
	s.parser.Reset()
	for !s.sink.over() {
		n, readErr := body.Read(buffer)
		if n > 0 {
			idle.touch()
			s.take(buffer[:n])
			if n == len(buffer) && n < largeBuffer {
				buffer = make([]byte, 2*n)
			}
		}
		if readErr != nil && !s.sink.over() {
			return s.ended(s.readReason(ctx, readErr, response), text(readErr), nil)
		}
	}
	return s.ended(s.sink.reason(), "", s.sink.err)
}

func text(err error) string {
	if errors.Is(err, io.EOF) {
		return "the server ended the stream"
	}
	return err.Error()
}

func (s *Stream) readReason(ctx context.Context, err error, response *http.Response) string {
	if ctx.Err() != nil {
		return cancelReason(ctx)
	}
	framed := response.ContentLength >= 0 || slices.Contains(response.TransferEncoding, "chunked")
	return endReason(err, framed)
}

// take records one chunk and what is in it, at the one time it was read at.
func (s *Stream) take(chunk []byte) {
	now := live.Now()
	s.Counts.Bytes += int64(len(chunk))
	s.sink.now = now
	s.locked(now, func() {
		s.record.Read(now, len(chunk))
		// Without a listener nothing leaves the lock, so it is taken once a chunk and not once an event.
		if s.hooks.Event == nil {
			s.parser.Push(chunk)
		}
	})
	if s.hooks.Event != nil {
		s.parser.Push(chunk)
	}
	if s.hooks.Read != nil {
		s.hooks.Read(now)
	}
}

// ended records the end of an open stream.
func (s *Stream) ended(reason, detail string, err error) (string, string, error) {
	s.cancel(errDropped)
	now := live.Now()
	s.locked(now, func() { s.record.Ended(now, reason) })
	return reason, detail, err
}

// idleWatch gives up a stream that has been silent for too long.
type idleWatch struct {
	limit time.Duration
	timer *time.Timer
}

func (s *Stream) watchIdle() idleWatch {
	if s.settings.IdleTimeout <= 0 {
		return idleWatch{}
	}
	cancel := s.cancel
	return idleWatch{s.settings.IdleTimeout, time.AfterFunc(s.settings.IdleTimeout, func() { cancel(errIdle) })}
}

func (w idleWatch) touch() {
	if w.timer != nil {
		w.timer.Reset(w.limit)
	}
}

func (w idleWatch) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

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
