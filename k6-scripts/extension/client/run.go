package client

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"sse-harness/extension/live"
	"sse-harness/extension/record"
	"sse-harness/extension/stream"
)

// Result is how a stream turned out.
type Result struct {
	// Reason of its last end, or of its last failed attempt.
	Reason string
	// Err is nil when it ended successfully.
	Err *StreamError
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
	intended := s.settings.IntendedAt
	if intended > live.Now() && !s.wait(ctx, intended) {
		// Its time has not come, so it is none of the streams of this run.
		return Result{Reason: stream.EndStopped}, nil
	}
	s.join()
	for {
		reason, detail, err := s.attempt(ctx, intended)
		now := live.Now()
		if err != nil {
			s.finish(now, "stopped")
			return Result{Reason: reason}, err
		}
		decision := s.decide(reason)
		if !decision.Reconnect || ctx.Err() != nil {
			s.finish(now, s.outcomeAfter(reason, decision.Reconnect))
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
		Channel:     s.plain.String(),
		IntendedAt:  s.settings.IntendedAt,
		EndsCleanly: s.endsCleanly(),
		Slow:        s.settings.BytesPerSecond > 0,
		Tap:         s.settings.Tap,
	})
}

// endsCleanly: when the server ends the stream in good order, it is complete and not lost.
func (s *Stream) endsCleanly() bool {
	mode := s.settings.Mode
	return mode == stream.ModeNever || (mode == stream.ModeAuto && s.settings.Method != http.MethodGet)
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

// outcomeAfter tells how a stream that is not reconnected has turned out. One that was to be and has no time left for it
// is stopped.
func (s *Stream) outcomeAfter(reason string, isCutOff bool) string {
	switch {
	case reason == stream.EndStopped, isCutOff:
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
	if isSuccess(reason) && s.endsCleanly() {
		return nil
	}
	return s.hooks.Lost(&StreamError{Reason: reason, Detail: detail})
}
