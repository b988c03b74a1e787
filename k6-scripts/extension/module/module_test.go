package module

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.k6.io/k6/js/modulestest"
)

func TestAScriptForXk6Sse(t *testing.T) {
	u := newUser(t)
	got := u.text(fmt.Sprintf(`
		const seen = []
		const response = sse.open(%q, { method: 'GET', headers: { 'X-A': 'b' }, tags: { my: 'tag' } }, function (client) {
			client.on('open', function open() { seen.push('open') })
			client.on('event', function (event) {
				seen.push([event.id, event.name, event.data, event.comment].join('/'))
				if (parseInt(event.id) === 4) client.close()
			})
			client.on('error', function (e) { seen.push(e.error()) })
		})
		seen.join(' ') + ' ' + response.status + ' ' + response.headers['Content-Type'] + ' [' + response.error + '] ' + response.url.slice(0, 16)
	`, eventServer(t, four, false)))
	want := "open 1/tick/a/ 2/message// 3/message/\ufffd/ 4/message/d/ 200 text/event-stream [] http://127.0.0.1"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	sums, _, tags := u.pushed()
	for name, want := range map[string]float64{
		"sse_event": 4, "sse_events_received": 4, "sse_comments_received": 1, "sse_connections_opened": 1, "http_reqs": 1,
	} {
		if sums[name] != want {
			t.Errorf("%s is %v", name, sums[name])
		}
	}
	if tags["sse_event"]["my"] != "tag" || tags["http_req_duration"]["my"] != "tag" {
		t.Errorf("tags: %v", tags)
	}
	// A URL per stream would make as many time series.
	if tags["sse_event"]["url"] != "" || tags["http_req_duration"]["url"] == "" {
		t.Errorf("url: %v", tags)
	}
}

func TestCountsWithoutAListener(t *testing.T) {
	u := newUser(t)
	got := u.text(fmt.Sprintf(`
		const r = sse.open(%q, { maxEvents: 3 }, () => {});
		[r.end, r.events, r.lastEventId, r.reconnects, r.lost, r.duplicates].join()
	`, eventServer(t, four, false)))
	if got != "max-events,3,3,0,0,0" {
		t.Errorf("got %s", got)
	}
	sums, count, _ := u.pushed()
	if sums["sse_event"] != 3 || count["sse_event"] > 2 {
		t.Errorf("%v in %d samples", sums["sse_event"], count["sse_event"])
	}
	// Counted and none: a threshold on them must have something to judge.
	for _, name := range []string{"sse_events_lost", "sse_events_duplicated", "sse_connections_failed", "sse_reconnects"} {
		if count[name] == 0 || sums[name] != 0 {
			t.Errorf("%s: %v in %d samples", name, sums[name], count[name])
		}
	}
	if sums["sse_open_streams"] != 1 || count["sse_open_streams"] != 2 {
		t.Errorf("open streams went up by %v in %d samples", sums["sse_open_streams"], count["sse_open_streams"])
	}
}

func TestReconnectsWhenAsked(t *testing.T) {
	url := eventServer(t, "retry: 1\n\ndata: a\n\n", true)
	if got := newUser(t).text(fmt.Sprintf(`const r = sse.open(%q, {}, () => {}); [r.end, r.events, r.reconnects].join()`, url)); got != "clean,1,0" {
		t.Errorf("by itself: %s", got)
	}
	got := newUser(t).text(fmt.Sprintf(`
		let opened = 0, lost = []
		const r = sse.open(%q, { reconnect: true, maxEvents: 3 }, (client) => {
			client.on('open', () => { opened += 1 })
			client.on('error', (e) => { lost.push(e.error()) })
		});
		[r.end, r.events, r.reconnects, opened, lost.length, lost[0]].join()
	`, url))
	if got != "max-events,3,2,3,2,clean: the server ended the stream" {
		t.Errorf("asked to: %s", got)
	}
}

func TestAServerThatIsNoEventStream(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("<p>data: a</p>\n\n"))
	}))
	t.Cleanup(server.Close)
	u := newUser(t)
	got := u.text(fmt.Sprintf(`
		let told = ''
		const r = sse.open(%q, { reconnect: true }, (client) => { client.on('error', (e) => { told = e.error() }) });
		[r.status, r.end, r.error, told, r.events].join('|')
	`, server.URL))
	if got != "503|status|status: 503 Service Unavailable|status: 503 Service Unavailable|0" {
		t.Errorf("got %s", got)
	}
	sums, _, _ := u.pushed()
	if sums["sse_connections_failed"] != 1 || sums["http_req_failed"] != 1 || sums["sse_event"] != 0 {
		t.Errorf("pushed %v", sums)
	}
}

func TestWhatAHandlerThrowsIsTheScripts(t *testing.T) {
	url := eventServer(t, four, false)
	_, err := newUser(t).run(fmt.Sprintf(`sse.open(%q, {}, (client) => { client.on('event', () => { throw new Error('mine') }) })`, url))
	if err == nil || !strings.Contains(err.Error(), "mine") {
		t.Errorf("got %v", err)
	}
}

func TestFaultsOfAScript(t *testing.T) {
	for code, want := range map[string]string{
		`sse.open('http://127.0.0.1:1/')`:                    "takes a URL",
		`sse.open('http://127.0.0.1:1/', {}, 'no function')`: "last argument",
		`sse.batch('x')`:  "takes an array",
		`sse.batch([{}])`: "request 0: it has no url",
		`sse.batch([{ url: 'http://127.0.0.1:1/', params: { x: 1 } }])`: `request 0: sse.open() has no parameter "x"`,
		`sse.open()`:                             "takes a URL",
		`sse.open('ftp://127.0.0.1/', () => {})`: "http:// or https://",
		`sse.open('http://127.0.0.1:1/', { reconect: true }, () => {})`:           `no parameter "reconect"`,
		`sse.open('http://127.0.0.1:1/', { timeout: '5' }, () => {})`:             `parameter timeout: "5" is no duration`,
		`sse.open('http://127.0.0.1:1/', { maxEvents: 1.5 }, () => {})`:           "parameter maxEvents: 1.5 is no whole number",
		`sse.open('http://127.0.0.1:1/', { until: 'x' }, () => {})`:               "data=TEXT",
		`sse.open('http://127.0.0.1:1/', { reconnect: 'yes' }, () => {})`:         "none of true, false",
		`sse.open('http://127.0.0.1:1/', { backoff: { first: '1s' } }, () => {})`: `has no "first"`,
		`sse.open('http://127.0.0.1:1/', { stamp: 'id' }, () => {})`:              "stamp:",
		`sse.open('http://127.0.0.1:1/', { dueAt: Date.now() / 1000 }, () => {})`: "milliseconds since the epoch",
		`sse.open('http://127.0.0.1:1/', { dueAt: NaN }, () => {})`:               "milliseconds since the epoch",
		`sse.open('http://127.0.0.1:1/', { method: 'G T' }, () => {})`:            "is no method",
		`sse.open('http://127.0.0.1:1/', { headers: { 'a b': 'c' } }, () => {})`:  "is no name of a header",
	} {
		if _, err := newUser(t).run(code); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n  says %v", code, err)
		}
	}
}

func TestNotInInitCode(t *testing.T) {
	runtime := modulestest.NewRuntime(t)
	instance := new(Root).NewModuleInstance(runtime.VU)
	if err := runtime.VU.Runtime().Set("sse", instance.Exports().Default); err != nil {
		t.Fatal(err)
	}
	_, err := runtime.VU.Runtime().RunString(`sse.open('http://127.0.0.1:1/', () => {})`)
	if err == nil || !strings.Contains(err.Error(), "default function") {
		t.Errorf("got %v", err)
	}
}
