package client

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"sse-harness/extension/stream"
)

func TestDropComesBack(t *testing.T) {
	server := serve(t, hold(chunked+chunk("id: 1\ndata: a\n\nid: 2\ndata: b\n\n")), hold(chunked+chunk("id: 2\ndata: b\n\n")))
	given := settings(server.url)
	given.Mode, given.MaxEvents = stream.ModeAuto, 2
	_, result, seen := run(t, given, func(s *Stream, hooks *Hooks, seen *told) {
		count := hooks.Event
		hooks.Event = func(e *stream.Event) error {
			if len(seen.events) == 0 {
				s.Drop()
			}
			return count(e)
		}
	})
	if result.Reason != stream.EndMaxEvents || strings.Join(seen.events, "") != "ab" || len(seen.lost) != 0 {
		t.Errorf("got %+v, events %v, lost %v", result, seen.events, seen.lost)
	}
	if got := server.request(1).Header.Get("Last-Event-ID"); got != "1" {
		t.Errorf("came back with %q", got)
	}
}

func TestCloseEndsTheChunkToo(t *testing.T) {
	given := settings(serve(t, hold(chunked+chunk("data: a\n\ndata: b\n\n"))).url)
	given.Mode = stream.ModeAuto
	held, result, seen := run(t, given, func(s *Stream, hooks *Hooks, _ *told) {
		count := hooks.Event
		hooks.Event = func(e *stream.Event) error { s.Close(); return count(e) }
	})
	if result.Reason != stream.EndDisconnected || result.Err != nil || len(seen.events) != 1 || held.Counts.Events != 1 {
		t.Errorf("got %+v, events %v", result, seen.events)
	}
}

func TestErrorOfAHandlerEndsTheStream(t *testing.T) {
	server := serve(t, hold(chunked+chunk("data: a\n\ndata: b\n\n")))
	given := settings(server.url)
	given.Mode = stream.ModeAuto
	thrown := errors.New("thrown")
	held, err := New(given, Hooks{Event: func(*stream.Event) error { return thrown }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.Run(t.Context()); !errors.Is(err, thrown) || held.Counts.Events != 1 || server.count() != 1 {
		t.Errorf("got %v after %d events, %d requests", err, held.Counts.Events, server.count())
	}
}

func TestTheScenarioIsOver(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	given := settings(serve(t, hold(chunked+chunk("data: a\n\n"))).url)
	given.Mode = stream.ModeAlways
	held, err := New(given, Hooks{Event: func(*stream.Event) error { cancel(); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	result, err := held.Run(ctx)
	if err != nil || result.Reason != stream.EndStopped {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestAHandlerAtWorkMakesNoSilence(t *testing.T) {
	server := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte("data: a\n\n"))
			_ = http.NewResponseController(w).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	})
	given := settings(server)
	given.IdleTimeout, given.MaxEvents = 500*time.Millisecond, 3
	_, result, _ := run(t, given, func(_ *Stream, hooks *Hooks, seen *told) {
		count := hooks.Event
		hooks.Event = func(e *stream.Event) error {
			if len(seen.events) == 0 {
				time.Sleep(700 * time.Millisecond)
			}
			return count(e)
		}
	})
	if result.Reason != stream.EndMaxEvents {
		t.Errorf("got %+v", result)
	}
}
