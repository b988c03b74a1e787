package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"sse-harness/extension/live"
	"sse-harness/extension/stream"
)

// way is one of the ways of a stream through its life. Each has a server of its own.
type way struct {
	name   string
	answer answer
	change func(*Settings)
	hooks  func(*Stream) Hooks
	// Opened and failed attempts of one stream.
	opened, failed int64
	reason         string
}

var one = chunked + chunk("id: 1\ndata: a\n\n")

const busy = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"

func closeOnLoss(s *Stream) Hooks {
	return Hooks{Lost: func(error) error { s.Close(); return nil }}
}

func onEvent(do func(*Stream) error) func(*Stream) Hooks {
	return func(s *Stream) Hooks { return Hooks{Event: func(*stream.Event) error { return do(s) }} }
}

// once comes back once, and then closes.
func once(do func(*Stream)) func(*Stream) Hooks {
	return func(s *Stream) Hooks {
		return Hooks{Opened: func() error {
			if s.Counts.Reconnects > 0 {
				s.Close()
			} else {
				do(s)
			}
			return nil
		}}
	}
}

func limited(field func(*Settings) *time.Duration) func(*Settings) {
	return func(s *Settings) { *field(s) = 30 * time.Millisecond }
}

var ways = []way{
	{"ended by the server", send(one + "0\r\n\r\n"), nil, nil, 1, 0, stream.EndClean},
	{"cut by the server", send(one), nil, nil, 1, 0, stream.EndTruncated},
	{"reset by the server", reset(one), nil, nil, 1, 0, stream.EndReset},
	{"enough events", hold(one), func(s *Settings) { s.MaxEvents = 1 }, nil, 1, 0, stream.EndMaxEvents},
	{"over its time", hold(one), limited(func(s *Settings) *time.Duration { return &s.Lifetime }), nil, 1, 0, stream.EndLifetime},
	{"silent", hold(one), limited(func(s *Settings) *time.Duration { return &s.IdleTimeout }), nil, 1, 0, stream.EndIdleTimeout},
	{"slow", send(one + "0\r\n\r\n"), func(s *Settings) { s.BytesPerSecond = 1 << 20 }, nil, 1, 0, stream.EndClean},
	{"closed on open", hold(one), nil, once(func(s *Stream) { s.Close() }), 1, 0, stream.EndDisconnected},
	{"dropped on open", hold(one), func(s *Settings) { s.Mode = stream.ModeAuto }, once((*Stream).Drop), 2, 0, stream.EndDisconnected},
	{"closed on event", hold(one), nil, onEvent(func(s *Stream) error { s.Close(); return nil }), 1, 0, stream.EndDisconnected},
	{"dropped for good", hold(one), nil, onEvent(func(s *Stream) error { s.Drop(); return nil }), 1, 0, stream.EndDisconnected},
	{"thrown on event", hold(one), nil, onEvent(func(*Stream) error { return errThrown }), 1, 0, stream.EndStopped},
	{"closed on error", send(busy), func(s *Settings) { s.Mode = stream.ModeAlways }, closeOnLoss, 0, 1, stream.FailStatus},
	{"refused by status, the body left unread", hold("HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\nx"), nil, nil, 0, 1, stream.FailStatus},
	{"sent in a circle", send("HTTP/1.1 302 Found\r\nLocation: /events\r\nContent-Length: 0\r\n\r\n"), nil, nil, 0, 1, stream.FailRedirect},
	{"over before an answer", hold(""), limited(func(s *Settings) *time.Duration { return &s.Lifetime }), nil, 0, 0, stream.EndLifetime},
	{"without an answer", hold(""), limited(func(s *Settings) *time.Duration { return &s.HeadersTimeout }), nil, 0, 1, stream.FailHeadersTimeout},
	{"without a connection", hold(""), neverConnects, nil, 0, 1, stream.FailConnectTimeout},
}

var errThrown = errors.New("thrown")

func neverConnects(s *Settings) {
	s.ConnectTimeout = 30 * time.Millisecond
	s.Transport.Round = func() *http.Transport {
		return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
	}
}

func total(counts map[string]int64) (sum int64) {
	for _, count := range counts {
		sum += count
	}
	return sum
}

// hold n streams at once, and give the counts of one of them.
func (w *way) hold(t *testing.T, url string, n int) Counts {
	t.Helper()
	streams := make([]*Stream, n)
	var running sync.WaitGroup
	for i := range streams {
		given := settings(url)
		if w.change != nil {
			w.change(&given)
		}
		held, err := New(given, Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		if w.hooks != nil {
			held.hooks = w.hooks(held)
		}
		streams[i] = held
		running.Go(func() {
			result, err := held.Run(t.Context())
			if result.Reason != w.reason || (err != nil && !errors.Is(err, errThrown)) {
				t.Errorf("it ended by %s, %v", result.Reason, err)
			}
		})
	}
	running.Wait()
	return streams[0].Counts
}

func TestEveryAttemptIsAccountedForOnce(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			come := measured(t)
			counts := w.hold(t, serve(t, w.answer).url, 1)
			if counts.Opened != w.opened || counts.Failed != w.failed {
				t.Errorf("counts %+v", counts)
			}
			interval, result := come()
			if interval.Open != 0 || total(result.Ends) != w.opened || total(result.Failures) != w.failed {
				t.Errorf("%d open, ends %v, failures %v", interval.Open, result.Ends, result.Failures)
			}
			if result.Users != 1 || len(interval.Balances) != 1 {
				t.Errorf("%d users, %d balances", result.Users, len(interval.Balances))
			}
		})
	}
}

// descriptors that this process has open; 0 where that cannot be told.
func descriptors() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}

func TestNothingIsLeftOfAStream(t *testing.T) {
	const streams = 200
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			measured(t)
			url := serve(t, w.answer).url
			goroutines, files := runtime.NumGoroutine(), descriptors()
			w.hold(t, url, streams)
			// Goroutines and the server's side end by themselves, a little later.
			for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
				if runtime.NumGoroutine() <= goroutines && descriptors() <= files {
					return
				}
			}
			t.Errorf("goroutines %d -> %d, descriptors %d -> %d", goroutines, runtime.NumGoroutine(), files, descriptors())
		})
	}
}

func TestAStreamStoppedBeforeItWasDueIsNone(t *testing.T) {
	measured(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	given := settings("http://127.0.0.1:1/")
	given.IntendedAt += live.Micros(time.Hour)
	held, err := New(given, Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if result, err := held.Run(ctx); err != nil || result.Reason != stream.EndStopped || held.Ledger() != (Ledger{}) {
		t.Errorf("got %+v, %v, %+v", result, err, held.Ledger())
	}
	// It would be wanted, and its time counted, from an hour ahead on.
	if live.Current.Recorder() != nil {
		t.Error("the run began with it")
	}
}
