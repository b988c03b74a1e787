package module

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.k6.io/k6/js/modules"
	"go.k6.io/k6/lib"
	"go.k6.io/k6/metrics"

	"sse-harness/extension/client"
	"sse-harness/extension/live"
	"sse-harness/extension/record"
)

// The counters that k6 sees, in the order of tally.
var counterNames = []string{
	"sse_event", "sse_events_received", "sse_comments_received", "sse_bytes_received", "sse_connections_opened",
	"sse_connections_failed", "sse_reconnects", "sse_events_lost", "sse_events_duplicated", "sse_events_reordered",
	"sse_events_replayed",
}

const counters = 11

// tally holds what one stream, or all streams with the same tags, have come to.
type tally [counters]int64

func tallyOf(counts client.Counts) tally {
	return tally{
		counts.Events, counts.Events, counts.Comments, counts.Bytes, counts.Opened, counts.Failed, counts.Reconnects,
	}
}

// withLedger adds what is only known once the stream is over.
func (t tally) withLedger(ledger client.Ledger) tally {
	t[7], t[8], t[9], t[10] = ledger.Lost, ledger.Duplicates, ledger.Reordered, ledger.Replayed
	return t
}

// metricSet are the metrics of contract 2.5 as k6 has them: durations are milliseconds there.
type metricSet struct {
	counters []*metrics.Metric
	trends   map[string]*metrics.Metric
	open     *metrics.Metric
}

func registerMetrics(vu modules.VU) (*metricSet, error) {
	env := vu.InitEnv()
	if env == nil || env.Registry == nil {
		return nil, errors.New("k6/x/sse has to be imported at the top of a script")
	}
	set := &metricSet{trends: map[string]*metrics.Metric{}}
	for _, name := range counterNames {
		kind := metrics.Default
		if name == "sse_bytes_received" {
			kind = metrics.Data
		}
		metric, err := env.Registry.NewMetric(name, metrics.Counter, kind)
		if err != nil {
			return nil, err
		}
		set.counters = append(set.counters, metric)
	}
	for _, name := range record.TappedNames() {
		metric, err := env.Registry.NewMetric(name, metrics.Trend, metrics.Time)
		if err != nil {
			return nil, err
		}
		set.trends[name] = metric
	}
	var err error
	set.open, err = env.Registry.NewMetric("sse_open_streams", metrics.Gauge)
	return set, err
}

// wantedTrends are those that a threshold names: a Trend of k6 keeps every value for as long as the test runs, so the
// others get none.
func (i *Instance) wantedTrends(state *lib.State) map[string]bool {
	var wanted map[string]bool
	for key := range state.Options.Thresholds {
		name, _, err := metrics.ParseMetricName(key)
		if err != nil || i.metrics.trends[name] == nil {
			continue
		}
		if wanted == nil {
			wanted = map[string]bool{}
		}
		wanted[name] = true
	}
	return wanted
}

// reporter hands the counts of all streams with the same tags to k6, once a second and not once an event.
type reporter struct {
	mu      sync.Mutex
	pending tally
	last    int64
	changed bool
	tags    metrics.TagsAndMeta
}

// How many streams are open, whatever their tags: k6 keeps one last value of a gauge.
var openStreams atomic.Int64

const reportEvery = int64(time.Second / time.Microsecond)

var reporters struct {
	mu     sync.Mutex
	byTags map[*metrics.TagSet]*reporter
}

// reporterOf leaves the URL out of the tags: with a URL per stream there would be as many counters as streams.
func reporterOf(tags metrics.TagsAndMeta) *reporter {
	tags.Tags = tags.Tags.Without("url")
	tags.Metadata = nil
	reporters.mu.Lock()
	defer reporters.mu.Unlock()
	if reporters.byTags == nil {
		reporters.byTags = map[*metrics.TagSet]*reporter{}
	}
	known := reporters.byTags[tags.Tags]
	if known == nil {
		known = &reporter{tags: tags}
		reporters.byTags[tags.Tags] = known
	}
	return known
}

// add takes what has come since the last time, and by how much it changes the number of open streams. It returns samples
// when it is time to hand them over; `due` makes it so.
func (r *reporter) add(set *metricSet, more tally, open int64, now int64, due bool) metrics.Samples {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, value := range more {
		r.pending[i] += value
	}
	total := openStreams.Add(open)
	r.changed = r.changed || open != 0
	if !due && now-r.last < reportEvery {
		return nil
	}
	r.last = now
	at := live.Time(now)
	var samples metrics.Samples
	push := func(metric *metrics.Metric, value int64) {
		samples = append(samples, metrics.Sample{
			TimeSeries: metrics.TimeSeries{Metric: metric, Tags: r.tags.Tags},
			Time:       at,
			Value:      float64(value),
		})
	}
	for i, value := range r.pending {
		// A zero says that it was counted: a threshold on a counter without samples would pass for want of data.
		if value != 0 || due {
			push(set.counters[i], value)
		}
	}
	if r.changed {
		push(set.open, total)
	}
	r.pending, r.changed = tally{}, false
	return samples
}
