package client

import (
	"sse-harness/extension/stamp"
	"sse-harness/extension/stream"
)

// values are what the newest event said of itself.
type values struct {
	known bool
	found stamp.Values
}

// read needs no lock. The reference server's format is read without being asked for.
func (v *values) read(s *Stream, event *stream.Event) {
	extractor := s.settings.Extractor
	if (extractor == nil || s.settings.Partial) && s.record.Reference() {
		extractor = stamp.Reference()
		s.settings.Extractor, s.settings.Partial = extractor, false
	}
	v.known = extractor != nil
	if v.known {
		extractor.Read(event, &v.found)
	}
}

func (v *values) record(s *Stream, now int64) {
	s.record.Event(now, v.found, v.known)
}
