package client

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"sse-harness/extension/live"
	"sse-harness/extension/record"
	"sse-harness/extension/stream"
)

const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"

// answer is what the server does with one connection, once it has read the request.
type answer func(connection *net.TCPConn)

// rawServer answers connection n as the nth answer says, byte for byte; the last answer serves all further ones.
type rawServer struct {
	url      string
	mu       sync.Mutex
	requests []*http.Request
}

func serve(t *testing.T, answers ...answer) *rawServer {
	t.Helper()
	server := &rawServer{}
	server.url = accept(t, func(n int, connection *net.TCPConn) {
		request, err := http.ReadRequest(bufio.NewReader(connection))
		if err != nil {
			return
		}
		server.mu.Lock()
		server.requests = append(server.requests, request)
		server.mu.Unlock()
		answers[min(n, len(answers)-1)](connection)
	})
	return server
}

// accept calls `do` with each connection, numbered from 0.
func accept(t *testing.T, do func(n int, connection *net.TCPConn)) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for n := 0; ; n++ {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer func() { _ = connection.Close() }()
				do(n, connection.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
	return fmt.Sprintf("http://%s/events", listener.Addr())
}

func (s *rawServer) request(n int) *http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[n]
}

func (s *rawServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// send writes the bytes and closes with a FIN.
func send(text string) answer {
	return func(connection *net.TCPConn) {
		_, _ = connection.Write([]byte(text))
		// The client reads it all before it is told of the end.
		_ = connection.CloseWrite()
		_, _ = connection.Read(make([]byte, 1))
	}
}

// reset writes the bytes, waits until the client has had time to take them, and sends an RST.
func reset(text string) answer {
	return func(connection *net.TCPConn) {
		_, _ = connection.Write([]byte(text))
		time.Sleep(100 * time.Millisecond)
		_ = connection.SetLinger(0)
	}
}

// hold writes the bytes and keeps the connection until the client leaves.
func hold(text string) answer {
	return func(connection *net.TCPConn) {
		_, _ = connection.Write([]byte(text))
		_, _ = connection.Read(make([]byte, 1))
	}
}

func chunk(text string) string {
	return fmt.Sprintf("%x\r\n%s\r\n", len(text), text)
}

func settings(url string) Settings {
	return Settings{
		URL:            url,
		Method:         http.MethodGet,
		Header:         http.Header{},
		Mode:           stream.ModeNever,
		Retry:          time.Millisecond,
		ConnectTimeout: 5 * time.Second,
		HeadersTimeout: 5 * time.Second,
		LineLimit:      stream.DefaultLimit,
		IntendedAt:     live.Now(),
		Transport:      Transport{Round: func() *http.Transport { return &http.Transport{} }},
	}
}

// told is what the hooks were called with.
type told struct {
	events   []string
	lost     []string
	opened   int
	attempts []Attempt
}

// run holds a stream to its end, with a listener for its events.
func run(t *testing.T, given Settings, change func(*Stream, *Hooks, *told)) (*Stream, Result, *told) {
	t.Helper()
	seen := &told{}
	hooks := Hooks{
		Opened:    func() error { seen.opened++; return nil },
		Event:     func(e *stream.Event) error { seen.events = append(seen.events, string(e.Data)); return nil },
		Lost:      func(err error) error { seen.lost = append(seen.lost, err.(*StreamError).Reason); return nil },
		Attempted: func(a Attempt) { seen.attempts = append(seen.attempts, a) },
	}
	held, err := New(given, Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(held, &hooks, seen)
	}
	held.hooks = hooks
	result, err := held.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return held, result, seen
}

// measured gives the test a recorder of its own, and what it has come to.
func measured(t *testing.T) func() (record.Interval, record.Result) {
	t.Helper()
	before := live.Current
	live.Current = live.NewRun()
	t.Cleanup(func() { live.Current = before })
	return func() (record.Interval, record.Result) {
		recorder := live.Current.Recorder()
		recorder.Lock()
		defer recorder.Unlock()
		now := live.Now()
		return recorder.Take(now, false), recorder.Result(now)
	}
}
