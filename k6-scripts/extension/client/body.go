package client

import (
	"context"
	"io"
	"net/http"
	"slices"

	"sse-harness/extension/live"
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
	if s.settings.IdleTimeout > 0 {
		watched := newWatched(body, s.settings.IdleTimeout, s.cancel)
		defer watched.timer.Stop()
		body = watched
	}
	if s.settings.BytesPerSecond > 0 {
		body = newPaced(ctx, body, s.settings.BytesPerSecond)
	}
	buffer := make([]byte, smallBuffer)
	s.parser.Reset()
	for !s.sink.over() {
		n, readErr := body.Read(buffer)
		if n > 0 {
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
	if isEOF(err) {
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
	if s.hooks.Closed != nil {
		s.hooks.Closed()
	}
	return reason, detail, err
}
