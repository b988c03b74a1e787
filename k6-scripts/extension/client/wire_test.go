package client

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sse-harness/extension/live"
	"sse-harness/extension/stream"
)

func httpServer(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.URL
}

func TestIPv6(t *testing.T) {
	listener, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6")
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte("data: a\n\n"))
	}))
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	if _, result, seen := run(t, settings("http://"+listener.Addr().String()+"/"), nil); result.Reason != stream.EndClean || len(seen.events) != 1 {
		t.Errorf("got %+v", result)
	}
}

func TestHeadersInManyPieces(t *testing.T) {
	text := "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + one
	slow := func(connection *net.TCPConn) {
		for i := range len(text) {
			_, _ = connection.Write([]byte(text[i : i+1]))
			if i%16 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		_, _ = connection.Read(make([]byte, 1))
	}
	given := settings(serve(t, slow).url)
	given.MaxEvents = 1
	if _, result, _ := run(t, given, nil); result.Reason != stream.EndMaxEvents {
		t.Errorf("got %+v", result)
	}
}

func TestIDsThatNoHeaderCanCarry(t *testing.T) {
	for id, want := range map[string]string{"a\x01b": "", "a\x7f": "", "\u00e4\u4e2d": "\u00e4\u4e2d", "\xff": "\ufffd", "a\tb": "a\tb"} {
		server := serve(t, send(chunked+chunk("retry: 1\nid: "+id+"\ndata: a\n\n")+"0\r\n\r\n"), hold(one))
		given := settings(server.url)
		given.Mode, given.MaxEvents = stream.ModeAuto, 2
		if _, result, _ := run(t, given, nil); result.Reason != stream.EndMaxEvents {
			t.Errorf("%q: %+v", id, result)
		}
		if got := server.request(1).Header.Get("Last-Event-ID"); got != want {
			t.Errorf("%q came back as %q", id, got)
		}
	}
}

func TestFaultsOfTheSettings(t *testing.T) {
	for name, change := range map[string]func(*Settings){
		"a method with a blank": func(s *Settings) { s.Method = "GET /" },
		"a name with a blank":   func(s *Settings) { s.Header["X A"] = []string{"a"} },
		"a line in a value":     func(s *Settings) { s.Header["X-A"] = []string{"s3cret\r\nX-B: b"} },
		"another scheme":        func(s *Settings) { s.URL = "ftp://user:s3cret@a/?s3cret" },
		"no URL":                func(s *Settings) { s.URL = "http://user:s3cret@a:x/?s3cret" },
	} {
		given := settings("http://127.0.0.1:1/")
		change(&given)
		if _, err := New(given, Hooks{}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoSecretOfTheURLIsInAnError(t *testing.T) {
	for name, server := range map[string]string{
		"refused": "http://127.0.0.1:1/", "no HTTP": serve(t, send("SMTP\r\n\r\n")).url, "cut": serve(t, send(one)).url,
	} {
		come := measured(t)
		given := settings(strings.Replace(server, "http://", "http://u53r:p4ss@", 1) + "?token=t0ken")
		_, result, _ := run(t, given, nil)
		interval, _ := come()
		for _, told := range []string{result.Err.Error(), interval.Balances[0].Channel} {
			if strings.Contains(told, "p4ss") || strings.Contains(told, "u53r") {
				t.Errorf("%s: %s", name, told)
			}
		}
		if strings.Contains(result.Err.Error(), "t0ken") {
			t.Errorf("%s: %s", name, result.Err)
		}
		for _, target := range live.Current.NewTargets() {
			if strings.Contains(target.URL, "p4ss") || strings.Contains(target.URL, "u53r") {
				t.Errorf("%s: target %s", name, target.URL)
			}
		}
	}
}

func TestALineThatIsTooLong(t *testing.T) {
	given := settings(serve(t, hold(chunked+chunk("data: "+strings.Repeat("x", 100_000)))).url)
	given.LineLimit, given.Mode = 50_000, stream.ModeAuto
	if held, result, _ := run(t, given, nil); result.Reason != stream.EndLineTooLong || result.Err == nil || held.Counts.Opened != 1 {
		t.Errorf("got %+v", result)
	}
	given.LineLimit, given.IntendedAt = 200_000, live.Now()
	given.URL = serve(t, send(chunked+chunk("data: "+strings.Repeat("x", 100_000)+"\n\n")+"0\r\n\r\n")).url
	given.MaxEvents = 1
	if _, result, seen := run(t, given, nil); result.Reason != stream.EndMaxEvents || len(seen.events[0]) != 100_000 {
		t.Errorf("got %+v", result)
	}
}

func TestMain(m *testing.M) {
	// What servers say of clients that leave.
	log.SetOutput(io.Discard)
	m.Run()
}

func TestEachRequestHasAConnectionOfItsOwn(t *testing.T) {
	peers := []string{}
	server := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		peers = append(peers, r.RemoteAddr)
		if r.URL.Path == "/" {
			w.Header().Set("Location", "/there")
			// Without a body: only such a connection could be used again.
			w.WriteHeader(http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte("retry: 1\ndata: a\n\n"))
	})
	given := settings(server + "/")
	given.Mode, given.MaxEvents = stream.ModeAuto, 2
	if _, result, _ := run(t, given, nil); result.Reason != stream.EndMaxEvents {
		t.Fatalf("got %+v", result)
	}
	// Else the time that a reconnect takes would be none.
	if len(peers) != 3 || peers[0] == peers[1] || peers[1] == peers[2] {
		t.Errorf("requests came from %v", peers)
	}
}
