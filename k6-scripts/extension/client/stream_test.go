package client

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sse-harness/extension/live"
	"sse-harness/extension/stream"
)

const chunked = streamHead + "Transfer-Encoding: chunked\r\n\r\n"

// ends: what the server did, and the one reason that the standard's and HTTP's rules leave for it.
var ends = []struct {
	name   string
	answer answer
	reason string
	events int
}{
	{"a last chunk", send(chunked + chunk("data: a\n\n") + "0\r\n\r\n"), stream.EndClean, 1},
	{"the full length", send(streamHead + "Content-Length: 9\r\n\r\ndata: a\n\n"), stream.EndClean, 1},
	{"an unframed body ends by close", send(streamHead + "Connection: close\r\n\r\ndata: a\n\n"), stream.EndEOF, 1},
	{"a FIN between chunks", send(chunked + chunk("data: a\n\n")), stream.EndTruncated, 1},
	{"a FIN inside a chunk", send(chunked + "20\r\ndata: a\n\n"), stream.EndTruncated, 1},
	{"a FIN before the full length", send(streamHead + "Content-Length: 99\r\n\r\ndata: a\n\n"), stream.EndTruncated, 1},
	{"an RST", reset(chunked + chunk("data: a\n\n")), stream.EndReset, 1},
	{"a FIN behind the last chunk", send(chunked + chunk("data: a\n\n") + "0\r\n"), stream.EndTruncated, 1},
	{"HTTP/1.0", send("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: a\n\n"), stream.EndEOF, 1},
	{"an RST of an unframed body", reset(streamHead + "\r\ndata: a\n\n"), stream.EndReset, 1},
	{"a chunk length that is none", send(chunked + chunk("data: a\n\n") + "zz\r\n"), stream.EndProtocolError, 1},
}

func TestReasonOfTheEnd(t *testing.T) {
	for _, c := range ends {
		t.Run(c.name, func(t *testing.T) {
			held, result, seen := run(t, settings(serve(t, c.answer).url), nil)
			if result.Reason != c.reason || len(seen.events) != c.events || held.Counts.Opened != 1 {
				t.Errorf("got %s with %d events, %d opened", result.Reason, len(seen.events), held.Counts.Opened)
			}
			if isSuccess(c.reason) != (result.Err == nil) {
				t.Errorf("an end by %s has the error %v", c.reason, result.Err)
			}
		})
	}
}

var failures = []struct {
	name   string
	answer answer
	reason string
}{
	{"503 with a page", send("HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>"), stream.FailStatus},
	{"204", send("HTTP/1.1 204 No Content\r\n\r\n"), stream.FailNoContent},
	{"another content type", send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"), stream.FailContentType},
	{"no answer", send(""), stream.FailConnectionLost},
	{"an RST before the answer", reset(""), stream.FailConnectionLost},
	{"another protocol", send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), stream.FailProtocolError},
	{"half a head", send("HTTP/1.1 200 OK\r\nContent-Type: te"), stream.FailConnectionLost},
	{"a length that is none", send(streamHead + "Content-Length: x\r\n\r\n"), stream.FailProtocolError},
	{"no HTTP", send("SMTP ready\r\n\r\n"), stream.FailProtocolError},
	{"redirects without end", send("HTTP/1.1 302 Found\r\nLocation: /events\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), stream.FailRedirect},
}

func TestReasonOfTheFailure(t *testing.T) {
	for _, c := range failures {
		t.Run(c.name, func(t *testing.T) {
			held, result, seen := run(t, settings(serve(t, c.answer).url), nil)
			if result.Reason != c.reason || result.Err == nil || held.Counts.Opened != 0 || held.Counts.Failed != 1 {
				t.Errorf("got %+v, counts %+v", result, held.Counts)
			}
			if len(seen.attempts) != 1 || seen.attempts[0].Failure != c.reason {
				t.Errorf("attempts: %+v", seen.attempts)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	_, result, _ := run(t, settings("http://"+address+"/"), nil)
	if result.Reason != stream.FailRefused {
		t.Errorf("got %s", result.Reason)
	}
}

func TestTimeouts(t *testing.T) {
	given := settings(serve(t, hold("")).url)
	given.HeadersTimeout = 50 * time.Millisecond
	if _, result, _ := run(t, given, nil); result.Reason != stream.FailHeadersTimeout {
		t.Errorf("without headers: %s", result.Reason)
	}
	given = settings(serve(t, hold(chunked+chunk("data: a\n\n"))).url)
	given.IdleTimeout = 50 * time.Millisecond
	if _, result, seen := run(t, given, nil); result.Reason != stream.EndIdleTimeout || len(seen.events) != 1 {
		t.Errorf("silent: %s", result.Reason)
	}
	given = settings(serve(t, hold(chunked+chunk("data: a\n\n"))).url)
	given.Lifetime = 50 * time.Millisecond
	if _, result, seen := run(t, given, nil); result.Reason != stream.EndLifetime || result.Err != nil || len(seen.lost) != 0 {
		t.Errorf("over: %+v", result)
	}
}

func TestConnectTimeout(t *testing.T) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	given := settings("http://127.0.0.1:1/")
	given.ConnectTimeout = 20 * time.Millisecond
	given.Transport.Round = func() *http.Transport { return &http.Transport{DialContext: dial} }
	if _, result, _ := run(t, given, nil); result.Reason != stream.FailConnectTimeout {
		t.Errorf("got %s", result.Reason)
	}
}

func TestEndsSuccessfully(t *testing.T) {
	body := chunked + chunk("id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n")
	for name, c := range map[string]struct {
		change func(*Settings)
		reason string
	}{
		"by count": {func(s *Settings) { s.MaxEvents = 2 }, stream.EndMaxEvents},
		"by data":  {func(s *Settings) { s.Until = &Until{"data", "b"} }, stream.EndUntil},
		"by id":    {func(s *Settings) { s.Until = &Until{"id", "2"} }, stream.EndUntil},
	} {
		t.Run(name, func(t *testing.T) {
			given := settings(serve(t, hold(body)).url)
			c.change(&given)
			held, result, seen := run(t, given, nil)
			if result.Reason != c.reason || result.Err != nil || !slices.Equal(seen.events, []string{"a", "b"}) {
				t.Errorf("got %+v, events %v", result, seen.events)
			}
			if held.LastEventID() != "2" {
				t.Errorf("last event id %q", held.LastEventID())
			}
		})
	}
}

func TestReconnectsWithTheLastID(t *testing.T) {
	server := serve(t,
		send(chunked+chunk("retry: 1\nid: 7\ndata: a\n\n")+"0\r\n\r\n"),
		send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nid: 8\ndata: b\n\n"),
		hold(chunked+chunk("id: \xc4\x80\ndata: c\n\n")),
	)
	given := settings(server.url)
	given.Mode, given.MaxEvents = stream.ModeAuto, 3
	held, result, seen := run(t, given, nil)
	if result.Reason != stream.EndMaxEvents || strings.Join(seen.events, "") != "abc" {
		t.Errorf("got %+v, events %v", result, seen.events)
	}
	if held.Counts.Reconnects != 2 || !slices.Equal(seen.lost, []string{stream.EndClean, stream.EndEOF}) || seen.opened != 3 {
		t.Errorf("counts %+v, lost %v, opened %d", held.Counts, seen.lost, seen.opened)
	}
	for n, want := range []string{"", "7", "8"} {
		if got := server.request(n).Header.Get("Last-Event-ID"); got != want {
			t.Errorf("request %d has Last-Event-ID %q", n, got)
		}
	}
}

func TestPacedReadsAreSlow(t *testing.T) {
	const size, rate = 4096, 8192
	given := settings(serve(t, send(chunked+chunk("data: "+strings.Repeat("x", size)+"\n\n")+"0\r\n\r\n")).url)
	given.BytesPerSecond = rate
	start := live.Now()
	_, result, seen := run(t, given, nil)
	took := time.Duration(live.Now()-start) * time.Microsecond
	// Half a second by arithmetic, less what one read may take at once.
	if result.Reason != stream.EndClean || len(seen.events) != 1 || took < 300*time.Millisecond {
		t.Errorf("%s with %d events after %s", result.Reason, len(seen.events), took)
	}
}
