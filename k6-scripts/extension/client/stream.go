package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sse-harness/extension/live"
	"sse-harness/extension/record"
	"sse-harness/extension/stamp"
	"sse-harness/extension/stream"
)

// Stream is one event source over its whole life: every attempt, the waits between, one end. It is run by one goroutine.
type Stream struct {
	Counts Counts
	// Response of the newest attempt that got one.
	Status int
	Header http.Header

	settings Settings
	hooks    Hooks
	recorder *record.Recorder
	record   *record.Stream
	client   *http.Client
	parser   *stream.Parser
	sink     *sink
	address  *url.URL
	retry    time.Duration
	resumed  string
	ordinal  int
	// Attempts since the stream was last open.
	attempts int
	wasOpen  bool
	closed   bool
	dropped  bool
	// Cancels the attempt that is on.
	cancel context.CancelCauseFunc
}

// Result is how a stream turned out.
type Result struct {
	// Reason of its last end, or of its last failed attempt.
	Reason string
	// Err is nil when it ended successfully.
	Err *StreamError
}

// New gives a stream that has not begun; an error is one of the script's.
func New(settings Settings, hooks Hooks) (*Stream, error) {
	address, err := url.Parse(settings.URL)
	if err != nil {
		return nil, err
	}
	if (address.Scheme != "http" && address.Scheme != "https") || address.Host == "" {
		return nil, errors.New("not an http:// or https:// URL: " + address.Redacted())
	}
	s := &Stream{settings: settings, hooks: hooks, address: address, retry: settings.Retry}
	s.sink = &sink{stream: s, values: values{found: stamp.NewValues()}}
	s.parser = stream.NewParser(s.sink, settings.LineLimit, settings.LastEventID)
	s.client = &http.Client{
		Transport:     settings.Transport.Round(settings.ConnectTimeout, settings.HeadersTimeout),
		CheckRedirect: checkRedirect,
		Jar:           settings.Transport.Cookies,
	}
	return s, nil
}

// Close ends the stream successfully; to be called from a hook.
func (s *Stream) Close() {
	s.closed = true
	s.parser.Close()
	if s.cancel != nil {
		s.cancel(errDropped)
	}
}

// Drop cuts the connection and lets the stream come back as its policy says; to be called from a hook.
func (s *Stream) Drop() {
	s.dropped = true
	s.parser.Close()
	if s.cancel != nil {
		s.cancel(errDropped)
	}
}

// LastEventID is what a reconnect would send.
func (s *Stream) LastEventID() string {
	return s.parser.LastEventID()
}

// Record is what was measured of the stream.
func (s *Stream) Record() *record.Stream {
	return s.record
}

// Run opens the stream once it is due and returns when it has ended for good. The error is one of a hook.
func (s *Stream) Run(ctx context.Context) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if s.settings.Lifetime > 0 {
		left := live.Time(s.settings.IntendedAt).Add(s.settings.Lifetime).Sub(live.Time(live.Now()))
		timer := time.AfterFunc(max(left, 0), func() { cancel(errLifetime) })
		defer timer.Stop()
	}
	defer s.client.CloseIdleConnections()
	intended := s.settings.IntendedAt
	isWanted := intended <= live.Now() || s.wait(ctx, intended)
	s.join()
	if !isWanted {
		s.finish(live.Now(), "stopped")
		return Result{Reason: stream.EndStopped}, nil
	}
	for {
		reason, detail, err := s.attempt(ctx, intended)
		now := live.Now()
		if err != nil {
			s.finish(now, "stopped")
			return Result{Reason: reason}, err
		}
		decision := s.decide(reason)
		if !decision.Reconnect || ctx.Err() != nil {
			s.finish(now, s.outcomeAfter(reason))
			return s.result(reason, detail), s.tellLoss(reason, detail)
		}
		s.attempts++
		if err := s.tellLoss(reason, detail); err != nil || s.closed {
			s.finish(live.Now(), "done")
			return Result{Reason: reason}, err
		}
		intended = now + live.Micros(decision.Delay)
		if !s.wait(ctx, intended) {
			s.finish(live.Now(), "stopped")
			return s.result(reason, detail), nil
		}
	}
}

func (s *Stream) join() {
	s.recorder, s.ordinal = live.Current.Join(s.settings.IntendedAt)
	s.recorder.Lock()
	defer s.recorder.Unlock()
	s.recorder.Advance(live.Now())
	s.record = s.recorder.NewStream(record.StreamOptions{
		Ordinal:     s.ordinal,
		Channel:     s.address.Redacted(),
		IntendedAt:  s.settings.IntendedAt,
		EndsCleanly: s.settings.Mode == stream.ModeNever,
		Slow:        s.settings.BytesPerSecond > 0,
		Tap:         s.settings.Tap,
	})
}

func (s *Stream) decide(reason string) stream.Decision {
	if s.closed {
		return stream.Decision{}
	}
	return stream.Decide(stream.Outcome{
		Mode:    s.settings.Mode,
		Method:  s.settings.Method,
		Reason:  reason,
		RetryMS: s.retry.Milliseconds(),
		Attempt: s.attempts,
		Backoff: s.settings.Backoff,
		Random:  s.random,
	})
}

// random is drawn by stream and attempt, so no draw moves another, and equal in every run.
func (s *Stream) random() float64 {
	return rand.New(rand.NewPCG(uint64(s.ordinal), uint64(s.attempts))).Float64()
}

// wait is over at `until`, microseconds; false when the stream is not wanted any more.
func (s *Stream) wait(ctx context.Context, until int64) bool {
	timer := time.NewTimer(time.Duration(max(0, until-live.Now())) * time.Microsecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Stream) finish(now int64, outcome string) {
	s.recorder.Lock()
	defer s.recorder.Unlock()
	s.recorder.Advance(now)
	s.record.Finished(now, outcome)
}

// outcomeAfter tells how a stream that is not reconnected has turned out.
func (s *Stream) outcomeAfter(reason string) string {
	switch {
	case reason == stream.EndStopped:
		return "stopped"
	case isSuccess(reason), reason == stream.FailNoContent && s.wasOpen:
		return "done"
	default:
		return "failed"
	}
}

// isSuccess: ends that the client chose, or the server in good order.
func isSuccess(reason string) bool {
	return stream.IsOwnEnd(reason) || reason == stream.EndClean || reason == stream.EndEOF
}

func (s *Stream) result(reason, detail string) Result {
	if isSuccess(reason) {
		return Result{Reason: reason}
	}
	return Result{Reason: reason, Err: &StreamError{Reason: reason, Detail: detail}}
}

// tellLoss lets the script know of an end that nobody on this side chose.
func (s *Stream) tellLoss(reason, detail string) error {
	if stream.IsOwnEnd(reason) || s.hooks.Lost == nil {
		return nil
	}
	if isSuccess(reason) && s.settings.Mode == stream.ModeNever {
		return nil
	}
	return s.hooks.Lost(&StreamError{Reason: reason, Detail: detail})
}

// plainHeaders are those that tell who the server is, with lower-case names; values of a header that came several times
// are joined. Others, which may be secrets, go no further.
func plainHeaders(header http.Header) map[string]string {
	plain := map[string]string{}
	for name, values := range header {
		lower := strings.ToLower(name)
		if lower == "server" || lower == "content-type" || strings.HasPrefix(lower, "x-sse-harness") {
			plain[lower] = strings.Join(values, ", ")
		}
	}
	return plain
}
