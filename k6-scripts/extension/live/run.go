package live

import (
	"net/url"
	"strings"
	"sync"

	"sse-harness/extension/record"
)

// Servers beyond this number are not told of: one script has a handful.
const mostTargets = 32

// Target is the first event stream of an origin: what its server said of itself.
type Target struct {
	URL     string
	Headers map[string]string
}

// Run is one test run of this process.
type Run struct {
	mu       sync.Mutex
	begun    chan struct{}
	recorder *record.Recorder
	after    int64
	length   int64
	ordinal  int
	origins  map[string]bool
	targets  []Target
}

// Current is the run of this process; k6 runs one test a process.
var Current = NewRun()

// NewRun gives a run that has not begun.
func NewRun() *Run {
	return &Run{begun: make(chan struct{}), origins: map[string]bool{}}
}

// Measure sets what is measured: from `after` microseconds behind the first stream's start, for `length`; a length of 0
// is everything. It has to be called before the first stream.
func (r *Run) Measure(after, length int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.after, r.length = after, length
}

// Join begins the run with its first stream, which was due at `now`, and gives each stream its number, from 0.
func (r *Run) Join(now int64) (recorder *record.Recorder, ordinal int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.recorder == nil {
		r.recorder = record.New(now, r.after, r.length)
		close(r.begun)
	}
	ordinal = r.ordinal
	r.ordinal++
	return r.recorder, ordinal
}

// Begun is closed when the first stream starts.
func (r *Run) Begun() <-chan struct{} {
	return r.begun
}

// Recorder is nil until the run has begun.
func (r *Run) Recorder() *record.Recorder {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.recorder
}

// Learn takes the response headers of a stream; only the first of each origin are kept. The address is told as it is, so
// it must have no user part.
func (r *Run) Learn(address *url.URL, headers map[string]string) {
	origin := address.Scheme + "://" + strings.ToLower(address.Host)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.origins[origin] || len(r.origins) >= mostTargets {
		return
	}
	r.origins[origin] = true
	r.targets = append(r.targets, Target{URL: address.String(), Headers: headers})
}

// NewTargets are those learnt since the last call.
func (r *Run) NewTargets() []Target {
	r.mu.Lock()
	defer r.mu.Unlock()
	targets := r.targets
	r.targets = nil
	return targets
}
