package record

import "strings"

// Tap is told of values of one stream as they are recorded: the metric's name without tags, and microseconds. What was
// still open when the stream finished comes as the time it had lasted so far, and the largest gap comes then. It is called
// by whoever records the stream, and by nobody once that has finished; with the recorder's lock held, so it must not wait
// for anything.
type Tap func(name string, us int64)

// TappedNames are the metrics that a tap is told of.
func TappedNames() []string {
	keys := []HistogramKey{
		keyConnect, keyConnectUncorrected, keyHeaders, keyHeadersUncorrected, keyFirstEvent, keyFirstEventUncorrected,
		keyDelivery, keyTransit, keyGap, keyWorstGap, keyOutage, keyReconnectDetect, keyReconnectWait, keyReconnectAttempt,
		keyReconnectFirstEvent, keyStreamDuration,
	}
	names := make([]string, 0, len(keys))
	for _, key := range keys {
		names = append(names, string(key))
	}
	return names
}

func (t Tap) tell(key HistogramKey, us int64) {
	if t == nil {
		return
	}
	name, _, _ := strings.Cut(string(key), "{")
	t(name, us)
}

// tapOpen tells of what goes on being measured although the stream has finished.
func (s *Stream) tapOpen(now int64) {
	tap, loss := s.options.Tap, &s.loss
	since := s.lastEventAt
	if since == never {
		since = s.options.IntendedAt
		tap.tell(keyFirstEvent, max(0, now-since))
		if loss.attemptAt != never {
			tap.tell(keyFirstEventUncorrected, max(0, now-loss.attemptAt))
		}
	}
	if loss.isLost() {
		tap.tell(keyOutage, max(0, now-loss.lostSince))
	}
	if s.recorder.measuring {
		s.worstGap = max(s.worstGap, s.phase.worst, now-since)
	}
}

// endTap: a phase is ended by whichever stream notices, so its gap waits for this stream's own end.
func (s *Stream) endTap() {
	if s.worstGap != never {
		s.options.Tap.tell(keyWorstGap, s.worstGap)
	}
	s.options.Tap, s.loss.tap = nil, nil
}

func (s *Stream) tapLatencies(now int64, values *Values) {
	if s.options.Tap == nil {
		return
	}
	s.options.Tap.tell(keyDelivery, max(0, now-values.DueAt))
	if values.SentAt >= 0 {
		s.options.Tap.tell(keyTransit, max(0, now-values.SentAt))
	}
}
