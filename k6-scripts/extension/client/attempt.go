package client

import (
	"context"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"

	"sse-harness/extension/live"
	"sse-harness/extension/stream"
)

// attempt makes one request and, when its answer is an event stream, reads it to its end. It returns the reason of that
// end, or of the failure. The error is one of a hook.
func (s *Stream) attempt(parent context.Context, intended int64) (reason, detail string, err error) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	s.cancel = cancel
	s.dropped = false
	if s.closed {
		return stream.EndDisconnected, "", nil
	}
	now := live.Now()
	told := Attempt{Start: now}
	s.locked(now, func() { s.record.Attempt(now, intended) })
	response, err := s.ask(ctx, &told)
	if err != nil {
		return s.failed(told, s.failureOf(ctx, err), err.Error())
	}
	defer func() { _ = response.Body.Close() }()
	told.Headers, told.Status = live.Now(), response.StatusCode
	s.Status, s.Header = response.StatusCode, response.Header
	if failure, why := refusal(response); failure != "" {
		return s.failed(told, failure, why)
	}
	s.opened(told)
	if s.hooks.Opened != nil {
		if err := s.hooks.Opened(); err != nil {
			return s.ended(stream.EndStopped, "", err)
		}
	}
	return s.readBody(ctx, response)
}

// locked calls `do` with the recorder brought up to `now`.
func (s *Stream) locked(now int64, do func()) {
	s.recorder.Lock()
	defer s.recorder.Unlock()
	s.recorder.Advance(now)
	do()
}

func (s *Stream) ask(ctx context.Context, told *Attempt) (*http.Response, error) {
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		// Once an attempt: a redirect connects again.
		if told.Connected != 0 {
			return
		}
		now := live.Now()
		told.Connected = now
		s.locked(now, func() { s.record.Connected(now) })
	}}
	var body io.Reader
	if s.settings.Body != "" {
		body = strings.NewReader(s.settings.Body)
	}
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), s.settings.Method, s.settings.URL, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Cache-Control", "no-cache")
	for name, values := range s.settings.Header {
		request.Header[name] = slices.Clone(values)
	}
	s.resumed = sendable(s.parser.LastEventID())
	if s.resumed != "" {
		request.Header["Last-Event-ID"] = []string{s.resumed}
	}
	return s.client.Do(request)
}

// sendable is the id as the header can carry it: UTF-8 bytes as they came; with a control character it cannot be sent.
func sendable(id string) string {
	for i := range len(id) {
		if (id[i] < ' ' && id[i] != '\t') || id[i] == 0x7f {
			return ""
		}
	}
	return id
}

// refusal tells why an answer is no event stream; empty when it is one.
func refusal(response *http.Response) (failure, detail string) {
	switch {
	case response.StatusCode == http.StatusNoContent:
		return stream.FailNoContent, response.Status
	case response.StatusCode != http.StatusOK:
		return stream.FailStatus, response.Status
	case !isEventStream(response.Header.Values("Content-Type")):
		return stream.FailContentType, strings.Join(response.Header.Values("Content-Type"), ", ")
	default:
		return "", ""
	}
}

// isEventStream: of several values the last valid one holds; parameters and case do not matter (Fetch, "extract a MIME
// type").
func isEventStream(values []string) bool {
	essence := ""
	for _, value := range strings.Split(strings.Join(values, ","), ",") {
		name, _, _ := strings.Cut(value, ";")
		if kind, _, err := mime.ParseMediaType(strings.TrimSpace(name)); err == nil && strings.Contains(kind, "/") && kind != "*/*" {
			essence = kind
		}
	}
	return essence == "text/event-stream"
}

func (s *Stream) failed(told Attempt, failure, detail string) (string, string, error) {
	now := live.Now()
	told.Failure = failure
	s.tellAttempt(told)
	// Stopped or over before there was an answer: nobody failed.
	if stream.IsOwnEnd(failure) {
		return failure, detail, nil
	}
	s.Counts.Failed++
	s.locked(now, func() { s.record.Failed(now, failure) })
	return failure, detail, nil
}

func (s *Stream) tellAttempt(told Attempt) {
	if s.hooks.Attempted != nil {
		s.hooks.Attempted(told)
	}
}

// failureOf: of a request that was called off, why it was.
func (s *Stream) failureOf(ctx context.Context, err error) string {
	if ctx.Err() != nil {
		return cancelReason(ctx)
	}
	return failureOf(err)
}

func cancelReason(ctx context.Context) string {
	switch context.Cause(ctx) {
	case errLifetime:
		return stream.EndLifetime
	case errIdle:
		return stream.EndIdleTimeout
	case errDropped:
		return stream.EndDisconnected
	default:
		return stream.EndStopped
	}
}

func (s *Stream) opened(told Attempt) {
	s.tellAttempt(told)
	headers := plainHeaders(s.Header)
	now := told.Headers
	s.Counts.Opened++
	if s.wasOpen {
		s.Counts.Reconnects++
	}
	s.wasOpen = true
	s.attempts = 0
	s.locked(now, func() { s.record.Opened(now, headers, s.resumed) })
	s.sink.begin()
	live.Current.Learn(s.address, headers)
}
