package record

// phaseTally is what one stream saw in one measured phase: its events and gaps are the bursts that percentiles are judged
// by.
type phaseTally struct {
	events int64
	gaps   int64
	// The longest gap, microseconds.
	worst int64
}

func (t *phaseTally) begin() {
	*t = phaseTally{}
}

func (t *phaseTally) gap(set *histogramSet, gap int64) {
	set.gap.record(gap)
	t.gaps++
	t.worst = max(t.worst, gap)
}

// end: `open` is the gap that is still open, known to be at least as long as it is now.
func (t *phaseTally) end(p *phase, channel string, open int64) {
	p.count(channel, t.events, t.gaps)
	// An event may have come between the border and its being noticed: then nothing was open at it.
	if open >= 0 {
		p.set.recordCensored(keyGap, open)
	}
	if open >= t.worst {
		p.set.recordCensored(keyWorstGap, open)
	} else {
		p.set.recordExact(keyWorstGap, t.worst)
	}
}
