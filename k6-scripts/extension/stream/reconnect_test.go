package stream

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func half() float64 { return 0.5 }

// after is a stream of a browser that ended for this reason.
func after(reason string) Outcome {
	return Outcome{Mode: ModeAuto, Method: "GET", Reason: reason, RetryMS: DefaultRetryMS, Random: half}
}

func outcomes() []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(EndReasons)), maps.Keys(Failures))
	slices.Sort(names)
	return slices.Compact(names)
}

func TestWhether(t *testing.T) {
	auto := []string{
		EndClean, EndEOF, EndTruncated, EndReset, EndIdleTimeout, EndProtocolError, EndDisconnected,
		FailRefused, FailConnectTimeout, FailHeadersTimeout, FailConnectionLost, FailDNS, FailLocalLimit,
	}
	final := []string{EndMaxEvents, EndUntil, EndLifetime, EndStopped, FailNoContent}
	for _, one := range []struct {
		mode   Mode
		method string
		again  func(reason string) bool
	}{
		{ModeAuto, "GET", func(reason string) bool { return slices.Contains(auto, reason) }},
		{ModeAuto, "POST", func(string) bool { return false }},
		{ModeAlways, "GET", func(reason string) bool { return !slices.Contains(final, reason) }},
		{ModeAlways, "POST", func(reason string) bool { return !slices.Contains(final, reason) }},
		{ModeNever, "GET", func(string) bool { return false }},
	} {
		for _, reason := range outcomes() {
			outcome := after(reason)
			outcome.Mode, outcome.Method = one.mode, one.method
			got := Decide(outcome)
			if got.Reconnect != one.again(reason) {
				t.Errorf("%s %s after %s: reconnect is %v", one.mode, one.method, reason, got.Reconnect)
			}
			if got.Why == "" || (!got.Reconnect && got.Delay != 0) {
				t.Errorf("%s %s after %s: %+v", one.mode, one.method, reason, got)
			}
		}
	}
}

func TestWhen(t *testing.T) {
	for _, one := range []struct {
		retryMS int64
		attempt int
		want    time.Duration
	}{
		{DefaultRetryMS, 0, 3 * time.Second},
		{0, 0, 0},
		{1500, 9, 1500 * time.Millisecond},
		{1<<31 - 1, 0, LongestWait},
		{1 << 31, 0, LongestWait},
		{math.MaxInt64, 0, LongestWait},
	} {
		outcome := after(EndReset)
		outcome.RetryMS, outcome.Attempt = one.retryMS, one.attempt
		if got := Decide(outcome).Delay; got != one.want {
			t.Errorf("retry %d, attempt %d: %v, not %v", one.retryMS, one.attempt, got, one.want)
		}
	}
}

func TestBackoffGrowsUpToTheMost(t *testing.T) {
	second := Backoff{Initial: time.Second, Max: 5 * time.Second, Factor: 2, Jitter: JitterNone}
	for _, one := range []struct {
		backoff Backoff
		attempt int
		want    time.Duration
	}{
		{second, 0, time.Second},
		{second, 1, 2 * time.Second},
		{second, 2, 4 * time.Second},
		{second, 3, 5 * time.Second},
		{second, 50, 5 * time.Second},
		{second, math.MaxInt, 5 * time.Second},
		{Backoff{Initial: time.Microsecond, Max: math.MaxInt64, Factor: 1e10}, 99, LongestWait},
		{Backoff{Initial: 0, Max: time.Second, Factor: 2}, math.MaxInt, 0},
		{Backoff{Initial: time.Microsecond, Max: time.Second, Factor: 1.5}, 1, 2 * time.Microsecond},
		{Backoff{Initial: time.Second, Max: time.Minute, Factor: 3, Jitter: JitterFull}, 1, 1500 * time.Millisecond},
	} {
		outcome := after(EndReset)
		outcome.Backoff, outcome.Attempt = &one.backoff, one.attempt
		if got := Decide(outcome).Delay; got != one.want {
			t.Errorf("%+v, attempt %d: %v, not %v", one.backoff, one.attempt, got, one.want)
		}
	}
}

func TestFullJitterIsAnythingUpToTheStep(t *testing.T) {
	draw := func(seed uint64) []time.Duration {
		outcome := after(EndReset)
		outcome.Attempt = 1
		outcome.Backoff = &Backoff{Initial: time.Second, Max: 5 * time.Second, Factor: 2, Jitter: JitterFull}
		outcome.Random = rand.New(rand.NewPCG(seed, 0)).Float64
		delays := make([]time.Duration, 1000)
		for i := range delays {
			delays[i] = Decide(outcome).Delay
			if delays[i]%time.Microsecond != 0 {
				t.Fatalf("%v is no whole microsecond", delays[i])
			}
		}
		return delays
	}
	delays := draw(1)
	if low, high := slices.Min(delays), slices.Max(delays); low >= 50*time.Millisecond || high <= 1950*time.Millisecond || high > 2*time.Second {
		t.Errorf("from %v to %v", low, high)
	}
	if !slices.Equal(draw(1), delays) || slices.Equal(draw(2), delays) {
		t.Error("the delays do not follow the random numbers")
	}
}
