package record

// mostHoles is how many separate holes one connection remembers, and one stream; beyond it the oldest can no longer be
// filled.
const mostHoles = 4096

// joined is who the other end of a connection said it was, and what it was going to send; -1 and "" where it did not
// say.
type joined struct {
	// The server's own number of the connection.
	serverStream int64
	// Name of the server's process: after a restart numbers of connections and events begin again.
	instance string
	// The first live number that will be offered; lower ones are replayed.
	liveFrom int64
	// The number after which we asked to resume.
	resumedFrom int64
}

// ConnectionLedger is what one connection of a stream saw, to be held against what the server says it wrote into it.
type ConnectionLedger struct {
	ServerStream int64  `json:"serverStream"`
	Instance     string `json:"instance"`
	// Receipts are the events received on it, repeats included.
	Receipts int64 `json:"receipts"`
	// Repeats are receipts that this connection had already had.
	Repeats int64 `json:"repeats"`
	// First and Highest sequence received on it; -1 when there was none.
	First   int64 `json:"first"`
	Highest int64 `json:"highest"`
	// Skipped are the numbers between first and highest on this connection that were not filled in later on it.
	Skipped int64 `json:"skipped"`
	// From is the number that the stream was waiting for when it joined; -1 when it knew of none.
	From int64 `json:"from"`
	// MissedBefore are the numbers from From to its first receipt that the stream never had, MissedInside those between
	// first and highest.
	MissedBefore int64 `json:"missedBefore"`
	MissedInside int64 `json:"missedInside"`
	// EndedByUs: what was still on its way is undrained and not cut off.
	EndedByUs bool `json:"endedByUs"`
	Open      bool `json:"open"`
}

// connectionCount counts the receipts of one connection by their place in its numbers.
type connectionCount struct {
	ledger *ConnectionLedger
	holes  *ranges
}

func newConnectionCount(who joined, from int64) *connectionCount {
	return &connectionCount{ledger: &ConnectionLedger{
		ServerStream: who.serverStream,
		Instance:     who.instance,
		First:        -1,
		Highest:      -1,
		From:         from,
		Open:         true,
	}}
}

func (c *connectionCount) receive(sequence int64) {
	ledger := c.ledger
	ledger.Receipts++
	switch {
	case sequence == ledger.Highest+1 && ledger.Highest >= 0:
		ledger.Highest = sequence
	case ledger.Highest < 0:
		ledger.First, ledger.Highest = sequence, sequence
	case sequence > ledger.Highest:
		c.skip(ledger.Highest+1, sequence-1)
		ledger.Highest = sequence
	case c.holes != nil && c.holes.remove(sequence):
		ledger.Skipped--
	case sequence < ledger.First:
		c.lower(sequence)
	default:
		ledger.Repeats++
	}
}

func (c *connectionCount) skip(from, to int64) {
	c.ledger.Skipped += to - from + 1
	c.ownHoles().append(from, to)
}

// lower: the number came before what was taken for the first, so those between the two are holes of this connection.
func (c *connectionCount) lower(sequence int64) {
	ledger := c.ledger
	first, from := ledger.First, ledger.From
	ledger.First = sequence
	if from >= 0 {
		moved := max(0, first-1-max(sequence, from-1))
		ledger.MissedBefore -= moved
		ledger.MissedInside += moved
	}
	if first-sequence < 2 {
		return
	}
	ledger.Skipped += first - sequence - 1
	c.ownHoles().prepend(sequence+1, first-1)
}

func (c *connectionCount) ownHoles() *ranges {
	if c.holes == nil {
		c.holes = newRanges(mostHoles)
	}
	return c.holes
}
