package record

// sums are what a script may still ask of a stream that is over.
type sums struct {
	lost, duplicates, reordered, replayed int64
}

// Finished: nothing will follow. The outcome is "done", "failed" or "stopped". A stream that failed for good is still
// wanted, so its silence goes on counting.
func (s *Stream) Finished(now int64, outcome string) {
	if !s.begin(now) {
		return
	}
	r := s.recorder
	s.handOver()
	if outcome == "failed" && r.failed < mostFailed {
		r.failed++
		s.tapOpen(now)
	} else {
		s.cease(now)
		r.occupy(0, -1, now)
	}
	s.endTap()
}

// handOver gives the balance away: what a stream of many holes or connections keeps is all in there.
func (s *Stream) handOver() {
	r := s.recorder
	if s.loss.isLost() {
		r.tallies.stillLost++
	}
	s.sums = s.sum()
	r.balances = append(r.balances, s.balance())
	s.over = true
	s.ledger = nil
	s.channel = nil
}

// cease: the stream is not measured any more. What is still open then is known to last at least until now.
func (s *Stream) cease(now int64) {
	r := s.recorder
	if r.measuring {
		s.phaseEnded(now)
	}
	r.removeMember(s)
	if s.lastEventAt == never {
		s.loss.noEvent(now, s.options.IntendedAt)
	}
	s.loss.cutOff(now)
}

func (s *Stream) phaseStarted(at int64) {
	s.phase.begin()
	s.staleness.begin(s.recorder.current.start, at)
}

func (s *Stream) phaseEnded(at int64) {
	s.fill(at - 1)
	s.staleness.end()
	since := s.lastEventAt
	if since == never {
		since = s.options.IntendedAt
	}
	s.phase.end(s.recorder.current, s.channelName, at-since)
	s.worstGap = max(s.worstGap, s.phase.worst, at-since)
}

func (s *Stream) fill(now int64) {
	newest := s.newestDue
	if newest == never {
		newest = s.newestAt
	}
	if newest == never {
		newest = s.options.IntendedAt
	}
	s.staleness.fill(s.recorder.current.set.staleness, now, newest)
}

func (s *Stream) sum() sums {
	if s.ledger == nil {
		return s.sums
	}
	return sums{s.ledger.missing(), s.ledger.duplicates, s.ledger.reordered, s.ledger.replayed}
}

// Reference tells whether the stream's server is the reference server. It, and the accessors below, may be called
// without the lock by whoever records the stream.
func (s *Stream) Reference() bool {
	return s.isReference
}

// Events is how many events were received, repeats and notices included.
func (s *Stream) Events() int64 {
	return s.events
}

// Reconnects is how often the stream was opened again.
func (s *Stream) Reconnects() int64 {
	return s.reconnects
}

// Lost is how many numbers between the first due and the newest seen never came.
func (s *Stream) Lost() int64 {
	return s.sum().lost
}

// Duplicates is how many events were received more than once.
func (s *Stream) Duplicates() int64 {
	return s.sum().duplicates
}

// Reordered is how many first receipts came after a later event of the same connection.
func (s *Stream) Reordered() int64 {
	return s.sum().reordered
}

// Replayed is how many events the server sent again from before the connection's first live number.
func (s *Stream) Replayed() int64 {
	return s.sum().replayed
}
