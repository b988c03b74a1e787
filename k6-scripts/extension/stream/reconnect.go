package stream

import (
	"math"
	"time"
)

// Mode is when a stream that has ended, or an attempt that has failed, is followed by another attempt.
type Mode string

// The modes: as EventSource does, whenever the client did not end it itself, not at all.
const (
	ModeAuto   Mode = "auto"
	ModeAlways Mode = "always"
	ModeNever  Mode = "never"
)

// DefaultRetryMS is the reconnection time, in milliseconds, until the server sets one. 9.2.2 leaves it to the client; this
// is Chromium's.
const DefaultRetryMS int64 = 3000

const longestWaitMS = 1<<31 - 1

// LongestWait is the longest delay of a decision, 2^31 - 1 ms: what a timer of Node can wait, so that both engines of the
// harness wait alike. A server may ask for more.
const LongestWait = longestWaitMS * time.Millisecond

// Jitter is how a backoff step becomes a delay.
type Jitter string

// The jitters: the step itself, or anything from zero to the step, so that clients that were lost together do not return
// together.
const (
	JitterNone Jitter = "none"
	JitterFull Jitter = "full"
)

// Backoff is waits instead of the server's reconnection time: Initial, then Factor times as long from attempt to attempt,
// up to Max.
type Backoff struct {
	Initial time.Duration
	Max     time.Duration
	// At least 1.
	Factor float64
	Jitter Jitter
}

// Outcome is how a stream or an attempt turned out, and what the client was told to do then.
type Outcome struct {
	Mode Mode
	// Method of the request; only GET is repeated by itself.
	Method string
	// Reason is one of EndReasons or of Failures.
	Reason string
	// RetryMS is the reconnection time in milliseconds: the server's, or DefaultRetryMS.
	RetryMS int64
	// Attempt counts the attempts since the stream was last open; 0 for the first one after a loss.
	Attempt int
	// Backoff is nil for the reconnection time.
	Backoff *Backoff
	// Random is in [0, 1); asked only when there is jitter.
	Random func() float64
}

// Decision is what follows. Delay is in whole microseconds; Why is for people.
type Decision struct {
	Reconnect bool
	Delay     time.Duration
	Why       string
}

// Decide says what happens after a stream has ended or an attempt has failed.
func Decide(after Outcome) Decision {
	if refusal := whyNot(after); refusal != "" {
		return Decision{Why: refusal}
	}
	if after.Backoff == nil {
		// The smaller before the product: milliseconds in the 64 bits of a server's number do not fit a Duration.
		delay := time.Duration(min(after.RetryMS, longestWaitMS)) * time.Millisecond
		return Decision{Reconnect: true, Delay: delay, Why: "after the reconnection time"}
	}
	delay := after.Backoff.delay(after.Attempt, after.Random)
	return Decision{Reconnect: true, Delay: delay, Why: "after the backoff"}
}

// whyNot is empty when there is to be another attempt.
func whyNot(after Outcome) string {
	switch {
	// The client profile that leaves and comes back decides for itself; the other own ends are the end.
	case after.Reason != EndDisconnected && IsOwnEnd(after.Reason):
		return "the client ended the stream"
	case after.Mode == ModeNever:
		return "reconnecting is off"
	// 9.2.1: status 204 is how a server tells its clients to stop, so no mode goes against it.
	case after.Reason == FailNoContent:
		return "the server asked not to reconnect (204)"
	case after.Mode == ModeAlways:
		return ""
	case after.Method != "GET":
		return "a " + after.Method + " request is not repeated"
	// Ours, not the standard's, which knows no limit: what was too long would come again.
	case after.Reason == EndLineTooLong:
		return "the same line would be too long again"
	// 9.2.3: a wrong status or content type fails the connection for good, a network error does not.
	case IsFinal(after.Reason):
		return Failures[after.Reason].What
	}
	return ""
}

// delay counts in microseconds, as the run record does.
func (b *Backoff) delay(attempt int, random func() float64) time.Duration {
	// Zero times infinity would not be a number.
	if b.Initial <= 0 {
		return 0
	}
	// Infinity alone is fine: the shortest of the three counts.
	step := float64(b.Initial) * math.Pow(b.Factor, float64(attempt))
	step = min(step, float64(b.Max), float64(LongestWait)) / float64(time.Microsecond)
	if b.Jitter == JitterFull {
		step *= random()
	}
	return time.Duration(math.Round(step)) * time.Microsecond
}
