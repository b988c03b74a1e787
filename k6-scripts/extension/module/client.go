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
		c.listen()
	}
}

// attach hands over the stream that the script's set-up was for.
func (c *Client) attach(held *client.Stream) {
	c.stream = held
	c.listen()
	if c.closed {
		held.Close()
	}
}

// listen is for the first handler of events, which a handler of something else may add while the stream is open.
func (c *Client) listen() {
	if c.stream != nil && len(c.handlers["event"]) > 0 {
		c.stream.Listen(c.tell)
	}
}

func (c *Client) tell(event *stream.Event) error {
	return c.call("event", c.rt.ToValue(Event{
		ID:   stream.Text([]byte(event.LastEventID())),
		Name: event.Name(),
		Data: stream.Text(event.Data),
	}))
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
	tell := func() { s.report(live.Now(), tallyOf(s.stream.Counts), false) }
	return client.Hooks{
		Opened: func() error {
			s.isOpen = true
			tell()
			return handle.call("open")
		},
		Lost: func(err error) error {
			// Nothing of the script's is touched for nobody: of a batch there are many streams at it at once.
			if len(handle.handlers["error"]) == 0 {
				return nil
			}
			return handle.call("error", handle.rt.ToValue(err))
		},
		Closed: func() {
			s.isOpen = false
			tell()
		},
		Attempted: func(attempt client.Attempt) {
			s.pushAttempt(attempt)
			// An opened one is told of once it is open.
			if attempt.Failure != "" {
				tell()
			}
		},
		Read: func(now int64) { s.report(now, tallyOf(s.stream.Counts), false) },
	}
}
