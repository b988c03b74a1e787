package record

import (
	"math"

	"sse-harness/extension/stream"
)

// border is where a phase begins.
type border struct {
	at       int64
	kind     string
	measured bool
}

// schedule gives the borders of all phases: what is measured lies from `after` microseconds behind the start on, for
// `length` microseconds; a length of 0 is everything. A set-up of no length is left out.
func schedule(startAt, after, length int64) []border {
	if length <= 0 {
		return []border{{startAt, "measure", true}}
	}
	measure := startAt + max(0, after)
	list := []border{{measure, "measure", true}, {measure + length, "stop", false}}
	if measure > startAt {
		list = append([]border{{startAt, "set-up", false}}, list...)
	}
	return list
}

type phase struct {
	index    int
	kind     string
	measured bool
	start    int64
	// Far away until it has ended.
	end int64
	set *histogramSet
	// By channel, what its busiest stream had.
	most map[string]ChannelCount
}

// Phase tells that a phase has begun, and the one before it ended; Start is in microseconds.
type Phase struct {
	Type     string `json:"type"`
	Index    int    `json:"index"`
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Measured bool   `json:"measured"`
	Start    int64  `json:"start"`
}

// ChannelCount is the most events, and the most gaps, that one stream of a channel received in a phase. A broadcast is
// one burst however many streams it reaches.
type ChannelCount struct {
	Events int64 `json:"events"`
	Gaps   int64 `json:"gaps"`
}

// PhaseCount has the bursts of a measured phase that has ended.
type PhaseCount struct {
	Type  string      `json:"type"`
	Index int         `json:"index"`
	Count PhaseBursts `json:"count"`
}

// PhaseBursts has them by channel.
type PhaseBursts struct {
	Channels map[string]ChannelCount `json:"channels"`
}

func (p *phase) count(channel string, events, gaps int64) {
	known := p.most[channel]
	p.most[channel] = ChannelCount{max(known.Events, events), max(known.Gaps, gaps)}
}

func (r *Recorder) beginPhase(b border) {
	r.current = &phase{
		index:    len(r.phases),
		kind:     b.kind,
		measured: b.measured,
		start:    b.at,
		end:      math.MaxInt64,
		set:      newHistogramSet(),
		most:     map[string]ChannelCount{},
	}
	r.phases = append(r.phases, r.current)
	r.measuring = b.measured
}

// Advance brings the phases up to `now`. A border counts from its scheduled time, however late it is noticed.
func (r *Recorder) Advance(now int64) {
	if now >= r.nextBorder {
		r.cross(now)
	}
}

func (r *Recorder) cross(now int64) {
	for len(r.upcoming) > 0 && now >= r.upcoming[0].at {
		r.switchPhase(r.upcoming[0])
		r.upcoming = r.upcoming[1:]
	}
	r.nextBorder = math.MaxInt64
	if len(r.upcoming) > 0 {
		r.nextBorder = r.upcoming[0].at
	}
}

// NextBorder is when the next phase begins, in microseconds; math.MaxInt64 when none will.
func (r *Recorder) NextBorder() int64 {
	return r.nextBorder
}

// switchPhase ends the current phase and starts the next one, on every stream.
func (r *Recorder) switchPhase(next border) {
	r.occupancy.integrate(next.at, r.measuring)
	if r.measuring {
		for _, member := range r.members {
			member.phaseEnded(next.at)
		}
	}
	r.current.end = next.at
	r.beginPhase(next)
	if r.measuring {
		for _, member := range r.members {
			member.phaseStarted(next.at)
		}
	}
}

// End ends the last phase. Streams that are not over are taken for stopped; nothing is recorded after that.
func (r *Recorder) End(now int64) {
	if r.ended {
		return
	}
	r.Advance(now)
	for len(r.members) > 0 {
		member := r.members[len(r.members)-1]
		member.Ended(now, stream.EndStopped)
		member.Finished(now, stream.EndStopped)
		// Still there is what has failed for good: wanted to the end.
		if member.member != notMember {
			member.cease(now)
		}
	}
	r.occupancy.integrate(now, r.measuring)
	r.current.end = now
	r.measuring = false
	r.ended = true
	r.upcoming = nil
	r.nextBorder = math.MaxInt64
}

// NewPhases are those that have begun since the last call.
func (r *Recorder) NewPhases() []Phase {
	begun := []Phase{}
	for _, p := range r.phases[r.phasesTold:] {
		begun = append(begun, Phase{"phase", p.index, p.kind, p.kind, p.measured, p.start})
	}
	r.phasesTold = len(r.phases)
	return begun
}

// PhaseCounts are those of the measured phases that have ended since the last call.
func (r *Recorder) PhaseCounts() []PhaseCount {
	counts := []PhaseCount{}
	for ; r.phasesCounted < len(r.phases); r.phasesCounted++ {
		p := r.phases[r.phasesCounted]
		if p.end == math.MaxInt64 {
			break
		}
		if p.measured {
			counts = append(counts, PhaseCount{"phase-count", p.index, PhaseBursts{p.most}})
		}
		p.most = nil
	}
	return counts
}

// phaseOf is the measured phase that an event belongs to by its due time; nil when it was due outside of all.
func (r *Recorder) phaseOf(due int64) *phase {
	for i := len(r.phases) - 1; i >= 0; i-- {
		if p := r.phases[i]; due >= p.start {
			if p.measured {
				return p
			}
			return nil
		}
	}
	return nil
}
