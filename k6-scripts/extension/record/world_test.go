package record

import (
	"math"
	"strconv"
	"testing"
)

// Some time after the epoch that no test depends on; sixteen digits, as stamps of our time have.
const (
	start = int64(1_700_000_000_000_000)
	ms    = int64(1000)
)

// world is one recorder on a clock that the test moves; all times are microseconds after its start. It begins in a set-up
// that the test ends.
type world struct {
	r      *Recorder
	now    int64
	opened int
}

func newWorld() *world {
	r := New(start, week, week)
	r.upcoming, r.nextBorder = nil, math.MaxInt64
	return &world{r: r, now: start}
}

func (w *world) at(time int64) {
	w.now = start + time
}

func (w *world) measureAt(time int64) {
	w.r.switchPhase(border{start + time, "measure", true})
}

func (w *world) measure() {
	w.measureAt(w.now - start)
}

func (w *world) stopAt(time int64) {
	w.r.switchPhase(border{start + time, "stop", false})
}

func (w *world) user(intendedAt int64, options StreamOptions) *Stream {
	options.IntendedAt = start + intendedAt
	if options.Channel == "" {
		options.Channel = "u"
	}
	return w.r.NewStream(options)
}

func referenceHeaders(stream int, next int64, channel string) map[string]string {
	return map[string]string{
		"x-sse-harness":          "1",
		"x-sse-harness-instance": "one",
		"x-sse-harness-stream":   strconv.Itoa(stream),
		"x-sse-harness-channel":  channel,
		"x-sse-harness-next":     strconv.FormatInt(next, 10),
	}
}

// open is a reference stream's next connection, answered at once.
func (w *world) open(s *Stream, next int64) {
	w.opened++
	s.Attempt(w.now, w.now)
	s.Connected(w.now)
	s.Opened(w.now, referenceHeaders(w.opened, next, "a"), "")
}

func (w *world) opening() *Stream {
	return w.openingOf(StreamOptions{})
}

func (w *world) openingOf(options StreamOptions) *Stream {
	s := w.user(w.now-start, options)
	w.open(s, 0)
	return s
}

func (w *world) openings(count int) []*Stream {
	streams := make([]*Stream, count)
	for i := range streams {
		streams[i] = w.openingOf(StreamOptions{Ordinal: i})
	}
	return streams
}

// foreign is an open stream of a server that tells nothing of itself.
func (w *world) foreign() *Stream {
	s := w.user(w.now-start, StreamOptions{})
	s.Opened(w.now, map[string]string{}, "")
	return s
}

// event of the reference server, received now and due now.
func (w *world) event(s *Stream, sequence int64) {
	w.eventDue(s, sequence, w.now-start)
}

func (w *world) eventDue(s *Stream, sequence, due int64) {
	w.eventSent(s, sequence, due, due)
}

func (w *world) eventSent(s *Stream, sequence, due, sent int64) {
	s.Event(w.now, Values{Sequence: sequence, DueAt: start + due, SentAt: start + sent}, true)
}

// stamped is an event of a foreign server: a number and a single time.
func (w *world) stamped(s *Stream, sequence, due int64) {
	s.Event(w.now, Values{Sequence: sequence, DueAt: start + due, SentAt: -1}, true)
}

// plain is an event that nothing can be read of.
func (w *world) plain(s *Stream) {
	s.Event(w.now, Values{Sequence: -1, DueAt: -1, SentAt: -1}, false)
}

func (w *world) exact(phase int, key HistogramKey) *counts {
	return obtain(w.r.phases[phase].set.exact, key)
}

func (w *world) censored(phase int, key HistogramKey) *counts {
	return obtain(w.r.phases[phase].set.censored, key)
}

func (w *world) counter(counter Counter) int64 {
	return w.r.current.set.counters[counter]
}

func (w *world) fanout() []FanoutEntry {
	return w.r.takeFanout(w.now, true)
}

func (w *world) channelCount(phase int, channel string) ChannelCount {
	return w.r.phases[phase].most[channel]
}

// samplesFrom counts samples of at least this value; exact when it is the lower border of a bucket.
func (c *counts) samplesFrom(least int64) int64 {
	sum := int64(0)
	for index, count := range c.buckets {
		if lowestEquivalent(index) >= least {
			sum += count
		}
	}
	return sum
}

// same fails with what it found where that is not what was wanted.
func same[T comparable](t *testing.T, what string, found, wanted T) {
	t.Helper()
	if found != wanted {
		t.Errorf("%s: %v, wanted %v", what, found, wanted)
	}
}

// holds fails unless there are so many samples, the largest of which is this.
func (c *counts) holds(t *testing.T, what string, count, largest int64) {
	t.Helper()
	found, wanted := [2]int64{c.count, c.max}, [2]int64{count, largest}
	if count == 0 {
		found[1], wanted[1] = 0, 0
	}
	same(t, what, found, wanted)
}

func between(t *testing.T, what string, value, from, to int64) {
	t.Helper()
	if value < from || value > to {
		t.Errorf("%s: %d, wanted %d to %d", what, value, from, to)
	}
}
