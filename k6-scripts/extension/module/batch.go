package module

import (
	"errors"
	"fmt"
	"sync"

	"github.com/grafana/sobek"
	"go.k6.io/k6/js/common"
)

// batch holds many streams at once and returns when all of them have ended for good, in the order of the requests. A
// virtual user of k6 has a JavaScript engine of its own, several times the size of a stream: a load without handlers
// needs one for many streams, not one for each.
func (i *Instance) batch(given sobek.Value) ([]*Response, error) {
	state := i.vu.State()
	if state == nil {
		return nil, common.NewInitContextError("sse.batch() is for the default function of a script, not for its init code")
	}
	rt := i.vu.Runtime()
	var requests []sobek.Value
	if given == nil || rt.ExportTo(given, &requests) != nil {
		return nil, errors.New("sse.batch() takes an array of { url, params }")
	}
	sessions := make([]*session, len(requests))
	urls := make([]string, len(requests))
	for n, request := range requests {
		if request == nil || sobek.IsUndefined(request) || sobek.IsNull(request) {
			return nil, fmt.Errorf("sse.batch(): request %d is no { url, params }", n)
		}
		object := request.ToObject(rt)
		parsed, err := parseParams(rt, state, object.Get("params"))
		if err == nil && object.Get("url") == nil {
			err = errors.New("it has no url")
		}
		if err != nil {
			return nil, fmt.Errorf("sse.batch(): request %d: %w", n, err)
		}
		urls[n] = object.Get("url").String()
		if sessions[n], err = i.newSession(state, urls[n], parsed, &Client{}); err != nil {
			return nil, fmt.Errorf("sse.batch(): request %d: %w", n, err)
		}
	}
	return i.runAll(sessions, urls)
}

func (i *Instance) runAll(sessions []*session, urls []string) ([]*Response, error) {
	responses := make([]*Response, len(sessions))
	faults := make([]error, len(sessions))
	var running sync.WaitGroup
	for n, session := range sessions {
		running.Go(func() { responses[n], faults[n] = session.run(i.vu.Context(), urls[n]) })
	}
	running.Wait()
	return responses, errors.Join(faults...)
}
