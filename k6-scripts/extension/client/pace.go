package client

import (
	"context"
	"io"
	"time"
)

const (
	// Reads a second of a slow consumer: it reads a little all the time and does not sleep for long.
	readsPerSecond = 20
	leastRead      = 64
)

// paced reads no faster than a rate, so that the kernel's buffers fill and the server feels a slow consumer.
type paced struct {
	ctx   context.Context
	from  io.Reader
	rate  int64
	begin time.Time
	read  int64
}

func newPaced(ctx context.Context, from io.Reader, bytesPerSecond int64) *paced {
	return &paced{ctx: ctx, from: from, rate: bytesPerSecond, begin: time.Now()}
}

// Read waits until what has been read so far was due.
func (p *paced) Read(into []byte) (int, error) {
	due := p.begin.Add(time.Duration(float64(p.read) / float64(p.rate) * float64(time.Second)))
	if wait := time.Until(due); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-p.ctx.Done():
			return 0, p.ctx.Err()
		}
	} else if wait < -time.Second {
		// A server that was silent is not owed what could have been read meanwhile.
		p.begin, p.read = time.Now(), 0
	}
	most := max(leastRead, p.rate/readsPerSecond)
	n, err := p.from.Read(into[:min(int64(len(into)), most)])
	p.read += int64(n)
	return n, err
}

// watched gives up a stream whose server has been silent for too long. Only the time in which something could be read
// counts: while a handler of the script is at work, or a slow consumer waits on purpose, the server is not silent.
type watched struct {
	from  io.Reader
	limit time.Duration
	timer *time.Timer
}

func newWatched(from io.Reader, limit time.Duration, cancel context.CancelCauseFunc) *watched {
	return &watched{from, limit, time.AfterFunc(limit, func() { cancel(errIdle) })}
}

// Read has the limit for each chunk.
func (w *watched) Read(into []byte) (int, error) {
	w.timer.Reset(w.limit)
	n, err := w.from.Read(into)
	w.timer.Stop()
	return n, err
}
