package module

import (
	"strconv"
	"time"

	"go.k6.io/k6/metrics"

	"sse-harness/extension/client"
	"sse-harness/extension/live"
	"sse-harness/extension/record"
)

// report hands k6 what has come since the last time. The samples of a stream that was cut off by the end of its scenario
// count as well, so this does not ask whether the scenario is over; k6 takes samples until the last stream has returned.
func (s *session) report(now int64, counts tally, due bool) {
	var more tally
	for i, value := range counts {
		more[i] = value - s.told[i]
	}
	s.told = counts
	samples := s.reporter.add(s.instance.metrics, more, s.openChange(due), now, due)
	samples = append(samples, s.tapped...)
	s.tapped = s.tapped[:0]
	if len(samples) > 0 {
		s.state.Samples <- samples
	}
}

// openChange is by how much this stream changes the number of open ones.
func (s *session) openChange(over bool) int64 {
	was := s.countedOpen
	s.countedOpen = s.isOpen && !over
	switch {
	case s.countedOpen && !was:
		return 1
	case was && !s.countedOpen:
		return -1
	default:
		return 0
	}
}

// pushAttempt gives k6 its own HTTP metrics of one request.
func (s *session) pushAttempt(attempt client.Attempt) {
	if s.began == 0 {
		s.began = attempt.Start
	}
	builtin := s.state.BuiltinMetrics
	tags := s.tags
	if attempt.Status != 0 {
		tags.SetSystemTagOrMetaIfEnabled(s.state.Options.SystemTags, metrics.TagStatus, strconv.Itoa(attempt.Status))
	}
	failed := 0.0
	if attempt.Failure != "" {
		failed = 1
	}
	at := live.Time(attempt.Start)
	samples := metrics.Samples{
		sample(builtin.HTTPReqs, tags, at, 1),
		sample(builtin.HTTPReqFailed, tags, at, failed),
	}
	if attempt.Connected != 0 {
		samples = append(samples, sample(builtin.HTTPReqConnecting, tags, at, milliseconds(attempt.Connected-attempt.Start)))
	}
	if attempt.Headers != 0 && attempt.Connected != 0 {
		samples = append(samples, sample(builtin.HTTPReqWaiting, tags, at, milliseconds(attempt.Headers-attempt.Connected)))
	}
	s.state.Samples <- samples
}

// pushEnd gives k6 the time of the whole stream, as xk6-sse does. Where there was no request, there is none.
func (s *session) pushEnd() {
	if s.began == 0 {
		return
	}
	now := live.Now()
	s.state.Samples <- sample(s.state.BuiltinMetrics.HTTPReqDuration, s.tags, live.Time(now), milliseconds(now-s.began))
}

// tap keeps the values of metrics that a threshold names until the recorder is free; nil when there are none.
func (s *session) tap(wanted map[string]bool) record.Tap {
	if len(wanted) == 0 {
		return nil
	}
	return func(name string, us int64) {
		if wanted[name] {
			s.tapped = append(s.tapped, sample(s.instance.metrics.trends[name], s.tags, live.Time(live.Now()), milliseconds(us)))
		}
	}
}

func milliseconds(us int64) float64 {
	return float64(us) / float64(time.Millisecond/time.Microsecond)
}

func sample(metric *metrics.Metric, tags metrics.TagsAndMeta, at time.Time, value float64) metrics.Sample {
	return metrics.Sample{
		TimeSeries: metrics.TimeSeries{Metric: metric, Tags: tags.Tags},
		Time:       at,
		Metadata:   tags.Metadata,
		Value:      value,
	}
}
