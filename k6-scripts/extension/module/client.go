package module

import (
	"github.com/grafana/sobek"

	"sse-harness/extension/client"
	"sse-harness/extension/live"
	"sse-harness/extension/stream"
)

// Event is what a script's handler is given.
type Event struct {
	ID   string `js:"id"`
	Name string `js:"name"`
	Data string `js:"data"`
	// Comment is there for scripts written for xk6-sse, which takes comments for events.
	Comment string `js:"comment"`
}

// Client is what the script's set-up function is given.
type Client struct {
	rt       *sobek.Runtime
	handlers map[string][]sobek.Callable
	stream   *client.Stream
	closed   bool
}

// On adds a handler of `open`, `event` or `error`.
func (c *Client) On(name string, handler sobek.Value) {
	if call, ok := sobek.AssertFunction(handler); ok {
		c.handlers[name] = append(c.handlers[name], call)
	}
}

// Close ends the stream successfully.
func (c *Client) Close() {
	c.closed = true
	if c.stream != nil {
		c.stream.Close()
	}
}

// Drop cuts the connection; with `reconnect` the stream comes back with its last event id.
func (c *Client) Drop() {
	if c.stream != nil {
		c.stream.Drop()
	}
}

func (c *Client) call(name string, args ...sobek.Value) error {
	for _, handler := range c.handlers[name] {
		if _, err := handler(sobek.Undefined(), args...); err != nil {
			return err
		}
	}
	return nil
}

// hooks join the stream to the script's handlers and to k6's metrics.
func (s *session) hooks(handle *Client) client.Hooks {
	hooks := client.Hooks{
		Opened: func() error {
			s.isOpen = true
			s.report(live.Now(), tallyOf(s.stream.Counts), false)
			return handle.call("open")
		},
		Lost: func(err error) error {
			s.isOpen = false
			// Nothing of the script's is touched for nobody: of a batch there are many streams at it at once.
			if len(handle.handlers["error"]) == 0 {
				return nil
			}
			return handle.call("error", handle.rt.ToValue(err))
		},
		Attempted: s.pushAttempt,
		Read:      func(now int64) { s.report(now, tallyOf(s.stream.Counts), false) },
	}
	if len(handle.handlers["event"]) > 0 {
		hooks.Event = func(event *stream.Event) error {
			return handle.call("event", handle.rt.ToValue(Event{
				ID:   stream.Text([]byte(event.LastEventID())),
				Name: event.Name(),
				Data: stream.Text(event.Data),
			}))
		}
	}
	return hooks
}
