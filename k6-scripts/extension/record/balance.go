package record

import "sse-harness/extension/stream"

// What became of a stream in the end.
const (
	// It ended successfully by our own choice, or by a clean end where it was not to reconnect.
	stateDone = "done"
	// It was connected when the run stopped.
	stateOpen = "open"
	// It was wanted but not connected, so the tail it missed is lost.
	stateDown = "down"
)

func (s *Stream) stateAfter(reason string) string {
	switch {
	case reason == stream.EndStopped:
		// At the end of the run a stream was as good as open: what it still lacks is undrained.
		return stateOpen
	case stream.IsOwnEnd(reason), s.options.EndsCleanly && reason == stream.EndClean:
		return stateDone
	default:
		return stateDown
	}
}

// StreamBalance is what is left of one stream when it is over. Numbers are -1 where they are not known.
type StreamBalance struct {
	Stream int `json:"stream"`
	// Channel is the server's name of the sequence it followed; streams of one channel share a head.
	Channel       string `json:"channel"`
	First         int64  `json:"first"`
	Next          int64  `json:"next"`
	FirstReceipts int64  `json:"firstReceipts"`
	Duplicates    int64  `json:"duplicates"`
	// Early are receipts below the first number due: in neither of the above.
	Early         int64      `json:"early"`
	Reordered     int64      `json:"reordered"`
	Replayed      int64      `json:"replayed"`
	Unsequenced   int64      `json:"unsequenced"`
	Missing       int64      `json:"missing"`
	MissingRanges [][2]int64 `json:"missingRanges"`
	// Restarts is how often the server began to count anew, and EarlierSpan how many numbers were due before the last time.
	Restarts    int64               `json:"restarts"`
	EarlierSpan int64               `json:"earlierSpan"`
	State       string              `json:"state"`
	Slow        bool                `json:"slow"`
	Connections []*ConnectionLedger `json:"connections"`
}

func (s *Stream) balance() StreamBalance {
	ledger := s.ledger
	return StreamBalance{
		Stream:        s.options.Ordinal,
		Channel:       s.channelName,
		First:         ledger.first,
		Next:          ledger.next,
		FirstReceipts: ledger.firstReceipts,
		Duplicates:    ledger.duplicates,
		Early:         ledger.early,
		Reordered:     ledger.reordered,
		Replayed:      ledger.replayed,
		Unsequenced:   s.unsequenced,
		Missing:       ledger.missing(),
		MissingRanges: ledger.missingRanges(mostRanges),
		Restarts:      ledger.earlier.count,
		EarlierSpan:   ledger.earlier.span,
		State:         s.state,
		Slow:          s.options.Slow,
		Connections:   ledger.connections,
	}
}
