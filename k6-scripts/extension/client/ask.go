package client

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"sse-harness/extension/live"
	"sse-harness/extension/stream"
)

// stage is how far a request has come.
type stage = int32

const (
	stageTCP stage = iota
	stageTLS
	stageRequest
)

// ask makes one request. A connection that it has made is open when there is a response, and closed otherwise.
func (s *Stream) ask(ctx context.Context, at hop, told *Attempt) (*http.Response, *failure) {
	var reached atomic.Int32
	timer := &limit{cancel: s.cancel}
	defer timer.stop()
	request, err := s.request(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// Called by the transport's own goroutine, which may outlive the request.
		TLSHandshakeStart: func() { reached.CompareAndSwap(stageTCP, stageTLS) },
		GotConn: func(httptrace.GotConnInfo) {
			reached.Store(stageRequest)
			timer.set(s.settings.HeadersTimeout, errHeaders)
			// A redirect connects again, and the time of that is not what was asked for.
			if at.redirects == 0 {
				s.connected(told)
			}
		},
	}), at)
	if err != nil {
		return nil, &failure{stream.FailConnectionLost, err.Error()}
	}
	timer.set(s.settings.ConnectTimeout, errConnect)
	response, err := s.exchange(request)
	timer.stop()
	if err == nil && ctx.Err() == nil {
		return response, nil
	}
	if err == nil {
		_ = response.Body.Close()
	}
	return nil, failureIn(ctx, err, reached.Load())
}

func (s *Stream) connected(told *Attempt) {
	now := live.Now()
	told.Connected = now
	s.locked(now, func() { s.record.Connected(now) })
}

// limit calls a request off that takes too long for what it is at.
type limit struct {
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

// set replaces the one before; 0 is for ever.
func (l *limit) set(after time.Duration, cause error) {
	l.stop()
	if after > 0 {
		l.timer = time.AfterFunc(after, func() { l.cancel(cause) })
	}
}

func (l *limit) stop() {
	if l.timer != nil {
		l.timer.Stop()
	}
}

// failureIn is of a request that was called off why it was, and of another what the error says.
func failureIn(ctx context.Context, err error, reached stage) *failure {
	switch cause := context.Cause(ctx); cause {
	case nil:
		return &failure{failureOf(err, reached), err.Error()}
	case errConnect:
		return &failure{stream.FailConnectTimeout, cause.Error()}
	case errHeaders:
		return &failure{stream.FailHeadersTimeout, cause.Error()}
	default:
		return &failure{cancelReason(ctx), ""}
	}
}
