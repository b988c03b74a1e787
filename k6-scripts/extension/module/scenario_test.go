package module

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

func TestTheEndOfAScenarioLosesNoCount(t *testing.T) {
	u := newUser(t)
	url := eventServer(t, four, false)
	time.AfterFunc(200*time.Millisecond, u.runtime.CancelContext)
	got := u.text(fmt.Sprintf(`const r = sse.open(%q, { reconnect: 'always' }, () => {}); [r.end, r.events].join()`, url))
	sums, _, _ := u.pushed()
	if got != "stopped,4" || sums["sse_event"] != 4 {
		t.Errorf("%s, k6 was told of %v", got, sums["sse_event"])
	}
}

func TestABatchHoldsItsStreamsTogether(t *testing.T) {
	// Nobody gets an event before all are there, so streams held one after the other would never end.
	const streams = 5
	var arrived sync.WaitGroup
	arrived.Add(streams)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		arrived.Done()
		arrived.Wait()
		_, _ = fmt.Fprintf(w, "id: %s\ndata: a\n\n", r.URL.Query().Get("n"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	u := newUser(t)
	got := u.text(fmt.Sprintf(`
		const requests = []
		for (let n = 0; n < %d; n += 1) requests.push({ url: %q + '?n=' + n, params: { maxEvents: 1 } })
		sse.batch(requests).map((r) => r.lastEventId + r.end).join()
	`, streams, server.URL))
	if got != "0max-events,1max-events,2max-events,3max-events,4max-events" {
		t.Errorf("got %s", got)
	}
	if sums, _, _ := u.pushed(); sums["sse_event"] != streams || sums["sse_connections_opened"] != streams {
		t.Errorf("pushed %v", sums)
	}
	if sums := newUser(t).text(`sse.batch([]).length`); sums != "0" {
		t.Errorf("an empty batch: %s", sums)
	}
}

func TestAStreamWaitsUntilItIsDue(t *testing.T) {
	url := eventServer(t, four, false)
	got := newUser(t).text(fmt.Sprintf(`
		const dueAt = Date.now() + 200
		sse.open(%q, { dueAt, maxEvents: 1 }, () => {})
		Date.now() >= dueAt
	`, url))
	if got != "true" {
		t.Error("it was opened before it was due")
	}
}

func TestTrendsOfThresholdsOnly(t *testing.T) {
	url := eventServer(t, four, false)
	u := newUser(t, "sse_headers_duration", "sse_event_gap{scenario:x}", "sse_stream_duration")
	u.text(fmt.Sprintf(`sse.open(%q, { maxEvents: 4 }, () => {}).end`, url))
	_, count, _ := u.pushed()
	for name, want := range map[string]int{
		"sse_headers_duration": 1, "sse_event_gap": 3, "sse_stream_duration": 1, "sse_connect_duration": 0, "sse_first_event_duration": 0,
	} {
		if count[name] != want {
			t.Errorf("%s has %d samples instead of %d", name, count[name], want)
		}
	}
}

func TestABatchEndsBeforeItsLastStreamIsDue(t *testing.T) {
	url := eventServer(t, four, false)
	u := newUser(t)
	time.AfterFunc(200*time.Millisecond, u.runtime.CancelContext)
	got := u.text(fmt.Sprintf(`
		sse.batch([{ url: %[1]q }, { url: %[1]q, params: { dueAt: Date.now() + 3600000 } }])
			.map((r) => [r.end, r.events, r.lost, r.error].join('/')).join()
	`, url))
	sums, count, _ := u.pushed()
	if got != "stopped/4/0/,stopped/0/0/" || sums["sse_event"] != 4 || count["http_req_duration"] != 1 {
		t.Errorf("%s, pushed %v", got, sums)
	}
}
