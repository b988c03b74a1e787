package module

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grafana/sobek"
)

func TestAScriptCatchesWhatItsHandlerThrew(t *testing.T) {
	url := eventServer(t, four, true)
	for _, handler := range []string{"open", "event", "error"} {
		u := newUser(t)
		got := u.text(fmt.Sprintf(`
			const mine = new TypeError('mine')
			let caught
			try {
				sse.open(%q, { reconnect: true }, (client) => { client.on(%q, () => { throw mine }) })
			} catch (e) { caught = e }
			String(caught === mine)
		`, url, handler))
		if got != "true" {
			t.Errorf("of the handler of %s the script did not catch its own error", handler)
		}
		if sums, _, _ := u.pushed(); sums["sse_connections_opened"] != 1 || sums["http_req_duration"] == 0 {
			t.Errorf("%s: pushed %v", handler, sums)
		}
	}
	got := newUser(t).text(`
		let caught
		try { sse.open('http://127.0.0.1:1/', {}, () => { throw 'in the set-up' }) } catch (e) { caught = e }
		caught
	`)
	if got != "in the set-up" {
		t.Errorf("the set-up: %s", got)
	}
}

func TestThrowOption(t *testing.T) {
	u := newUser(t)
	u.state.Options.Throw.Bool = true
	_, err := u.run(`sse.open('http://127.0.0.1:1/?token=t0ken', {}, () => {})`)
	if err == nil || !strings.Contains(err.Error(), "refused") || strings.Contains(err.Error(), "t0ken") {
		t.Errorf("got %v", err)
	}
}

func TestCloseAndDropInEveryHandler(t *testing.T) {
	url := eventServer(t, "retry: 1\n\n"+four, true)
	for _, c := range []struct{ handler, call, want string }{
		{"open", "close", "disconnected,0,0,"},
		{"event", "close", "disconnected,1,0,"},
		{"error", "close", "clean,4,0,"},
		{"open", "drop", "disconnected,0,0,"},
		{"event", "drop", "disconnected,1,0,"},
	} {
		// A drop without `reconnect` is the end.
		reconnect := fmt.Sprint(c.call == "close")
		got := newUser(t).text(fmt.Sprintf(`
			const r = sse.open(%q, { reconnect: %s }, (client) => { client.on(%q, () => client.%s()) });
			[r.end, r.events, r.reconnects, r.error].join()
		`, url, reconnect, c.handler, c.call))
		if got != c.want {
			t.Errorf("%s in %s: %s", c.call, c.handler, got)
		}
	}
	if got := newUser(t).text(fmt.Sprintf(`sse.open(%q, {}, (client) => client.close()).end`, url)); got != "disconnected" {
		t.Errorf("closed before it began: %s", got)
	}
	got := newUser(t).text(fmt.Sprintf(`
		let drops = 0
		const r = sse.open(%q, { reconnect: true, retry: '1ms' }, (client) => {
			client.on('open', () => { drops += 1; if (drops < 3) client.drop(); else client.close() })
		});
		[r.end, r.reconnects].join()
	`, url))
	if got != "disconnected,2" {
		t.Errorf("dropped twice: %s", got)
	}
}

func TestAStreamInAHandlerOfAnother(t *testing.T) {
	got := newUser(t).text(fmt.Sprintf(`
		const seen = []
		const outer = sse.open(%[1]q, { maxEvents: 2 }, (client) => {
			client.on('event', ({ id }) => {
				const inner = sse.open(%[1]q, { maxEvents: 3 }, (other) => other.on('event', (event) => seen.push(id + event.id)))
				seen.push(inner.end)
			})
		});
		seen.join() + ' ' + outer.end
	`, eventServer(t, four, false)))
	if got != "11,12,13,max-events,21,22,23,max-events max-events" {
		t.Errorf("got %s", got)
	}
}

func TestAHandlerThatComesLate(t *testing.T) {
	got := newUser(t).text(fmt.Sprintf(`
		const seen = []
		sse.open(%q, { maxEvents: 3 }, (client) => {
			client.on('open', () => client.on('event', ({ id }) => seen.push(id)))
		})
		seen.join()
	`, eventServer(t, four, false)))
	if got != "1,2,3" {
		t.Errorf("it got %s", got)
	}
}

// interrupt ends the scenario as k6 does: it takes the context away and stops the script.
func (u *user) interrupt() {
	u.runtime.CancelContext()
	u.runtime.VU.Runtime().Interrupt(errors.New("the scenario is over"))
}

func TestAnInterruptedHandlerEndsTheStream(t *testing.T) {
	url := eventServer(t, four, false)
	u := newUser(t)
	time.AfterFunc(100*time.Millisecond, u.interrupt)
	_, err := u.run(fmt.Sprintf(`
		try { sse.open(%q, {}, (client) => client.on('event', () => { for (;;); })) } catch (e) {}
	`, url))
	var interrupted *sobek.InterruptedError
	if !errors.As(err, &interrupted) {
		t.Errorf("got %v", err)
	}
	// It was told of as open, and then as not open.
	if sums, count, _ := u.pushed(); sums["sse_event"] != 1 || sums["sse_open_streams"] != 1 || count["sse_open_streams"] != 2 {
		t.Errorf("pushed %v", sums)
	}
}

func TestAnAttemptThatWasCalledOffIsNoFailure(t *testing.T) {
	hung := newHungServer(t)
	u := newUser(t)
	time.AfterFunc(100*time.Millisecond, u.runtime.CancelContext)
	if got := u.text(fmt.Sprintf(`sse.open(%q, { reconnect: 'always' }, () => {}).end`, hung)); got != "stopped" {
		t.Errorf("it ended by %s", got)
	}
	sums, count, _ := u.pushed()
	if count["http_reqs"] != 0 || count["http_req_duration"] != 0 || sums["sse_connections_failed"] != 0 {
		t.Errorf("pushed %v", sums)
	}
}

func TestAStreamThatWaitsIsNotOpen(t *testing.T) {
	before := openStreams.Load()
	u := newUser(t)
	if err := u.runtime.VU.Runtime().Set("open", func() int64 { return openStreams.Load() - before }); err != nil {
		t.Fatal(err)
	}
	got := u.text(fmt.Sprintf(`
		const seen = []
		sse.open(%q, { reconnect: true, maxEvents: 5 }, (client) => {
			client.on('open', () => seen.push(open()))
			client.on('error', () => seen.push(open()))
		})
		seen.push(open())
		seen.join()
	`, eventServer(t, "retry: 1\n\n"+four, true)))
	if got != "1,0,1,0" {
		t.Errorf("open were %s", got)
	}
}
