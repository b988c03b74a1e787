package stream

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// feed pushes the text and returns the data of the events that came of it.
func feed(c *collector, p *Parser, text string) []string {
	before := len(c.data())
	p.Push([]byte(text))
	return c.data()[before:]
}

func mustFeed(t *testing.T, c *collector, p *Parser, text string, want ...string) {
	if got := feed(c, p, text); !slices.Equal(got, want) {
		t.Errorf("%q gave %q, not %q", text, got, want)
	}
}

func TestAnEventThatEndsInCRDoesNotWaitForMore(t *testing.T) {
	c := &collector{}
	p := NewParser(c, DefaultLimit, "")
	mustFeed(t, c, p, "data: a\r\r", "a")
	mustFeed(t, c, p, "data: b\r\n\r", "b")
	mustFeed(t, c, p, "\ndata: c\n\n", "c")
}

func TestOwnIDs(t *testing.T) {
	c := collect([]byte("id: 12\ndata: a\n\ndata: b\n\nid: x\ndata: c\n\nid\ndata: d\n\n"), DefaultLimit)
	if want := []string{"12", "", "x", ""}; !slices.Equal(c.ids, want) {
		t.Errorf("ids %q, not %q", c.ids, want)
	}
	has := []bool{}
	for _, event := range c.found {
		has = append(has, event.HasID)
	}
	if want := []bool{true, false, true, true}; !slices.Equal(has, want) {
		t.Errorf("HasID %v, not %v", has, want)
	}
}

func TestRetrySaturates(t *testing.T) {
	c := collect([]byte("retry: 9223372036854775807\nretry: 9223372036854775808\nretry: 9"+strings.Repeat("0", 400)+
		"\nretry: 9"+strings.Repeat("9", 30)+"x\nretry: "+strings.Repeat("0", 30)+"5\n"), DefaultLimit)
	got := []int64{}
	for _, one := range c.found {
		got = append(got, one.MS)
	}
	if want := []int64{math.MaxInt64, math.MaxInt64, math.MaxInt64, 5}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

func TestANewBody(t *testing.T) {
	start := func(text, id string) (*collector, *Parser) {
		c := &collector{}
		p := NewParser(c, DefaultLimit, id)
		p.Push([]byte(text))
		p.Reset()
		return c, p
	}
	t.Run("drops the unfinished block and keeps the last event id", func(t *testing.T) {
		c, p := start("id: 1\ndata: a\n\nid: 2\nevent: e\ndata: lost\ndata: lo", "")
		if p.LastEventID() != "1" {
			t.Errorf("the last event id is %q", p.LastEventID())
		}
		mustFeed(t, c, p, "data: b\n\n", "b")
		want := found{Type: "event", Event: "message", Data: "b", LastEventID: "1"}
		if got := c.found[len(c.found)-1]; !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, not %+v", got, want)
		}
	})
	t.Run("may begin with a byte order mark again, and with an LF that belongs to no CR", func(t *testing.T) {
		c, p := start("data: a\r", "")
		mustFeed(t, c, p, "\ufeffdata: b\n\n", "b")
		p.Reset()
		mustFeed(t, c, p, "\ndata: c\n\n", "c")
	})
	t.Run("has nothing of an overflow before", func(t *testing.T) {
		c := &collector{}
		p := NewParser(c, 10, "")
		p.Push([]byte("data: much too long\n\n"))
		p.Reset()
		mustFeed(t, c, p, "data: ok\n\n", "ok")
	})
	t.Run("starts with the id that it is given", func(t *testing.T) {
		c, p := start("", "h\u00e4")
		mustFeed(t, c, p, "data: a\n\n", "a")
		if got := c.found[0]; got.LastEventID != "h\u00e4" || got.HasID {
			t.Errorf("%+v", got)
		}
	})
}

func TestTheLimit(t *testing.T) {
	const limit = 20
	cutEverywhere := func(text string, check func(c *collector, cut int)) {
		for cut := range len(text) + 1 {
			check(collect([]byte(text), limit, cut), cut)
		}
	}
	cutEverywhere("data:"+strings.Repeat("x", 15)+"\n\n", func(c *collector, cut int) {
		if c.overflows != 0 || len(c.found) != 1 {
			t.Errorf("a line of exactly the limit, cut at %d: %d overflows, %v", cut, c.overflows, c.found)
		}
	})
	cutEverywhere(strings.Repeat("data:xxxx\n", 4)+"data\n\n", func(c *collector, cut int) {
		if c.overflows != 0 || len(c.found) != 1 {
			t.Errorf("data of exactly the limit, cut at %d: %d overflows, %v", cut, c.overflows, c.found)
		}
	})
	for what, text := range map[string]string{
		"a line":                 "data: ok\n\ndata:" + strings.Repeat("x", 16) + "\n\ndata: late\n\n",
		"a comment":              "data: ok\n\n:" + strings.Repeat("x", 20) + "\n\ndata: late\n\n",
		"a line that never ends": "data: ok\n\n" + strings.Repeat("x", 21),
		"data of many lines":     "data: ok\n\n" + strings.Repeat("data:xxxx\n", 4) + "data\ndata\n\ndata: late\n\n",
	} {
		cutEverywhere(text, func(c *collector, cut int) {
			if c.overflows != 1 || !slices.Equal(c.data(), []string{"ok"}) {
				t.Errorf("%s that is longer, cut at %d: %d overflows, %v", what, cut, c.overflows, c.found)
			}
		})
	}
	superseded := "data: x\n" + strings.Repeat(": heartbeat\n", 50) + strings.Repeat("id: abc\nevent: e\n", 50) + "\n"
	if c := collect([]byte(superseded), limit, everywhere([]byte(superseded))...); c.overflows != 0 {
		t.Error("comments and superseded fields add up")
	}
}

// closing closes its parser at the first event, or at the first comment.
type closing struct {
	collector
	parser *Parser
	after  string
}

func (c *closing) Event(e *Event) {
	c.collector.Event(e)
	if c.after == "event" {
		c.parser.Close()
	}
}

func (c *closing) Comment() {
	c.collector.Comment()
	if c.after == "comment" {
		c.parser.Close()
	}
}

func TestClose(t *testing.T) {
	for _, after := range []string{"event", "comment"} {
		c := &closing{after: after}
		c.parser = NewParser(c, DefaultLimit, "")
		if after == "comment" {
			c.parser.Push([]byte("data: lost\n:\ndata: b\n\n"))
		} else {
			c.parser.Push([]byte("data: a\n\ndata: b\n\n"))
		}
		c.parser.Push([]byte("data: c\n\n"))
		if len(c.found) != 1 {
			t.Errorf("closed at the first %s, but found %v", after, c.found)
		}
	}
}

func TestALineOfMegabytesInSmallChunks(t *testing.T) {
	c := &collector{}
	p := NewParser(c, DefaultLimit, "")
	p.Push([]byte("data: "))
	chunk := []byte(strings.Repeat("x", 1024))
	for range 4096 {
		p.Push(chunk)
	}
	if got := feed(c, p, "\n\n"); len(got) != 1 || got[0] != strings.Repeat("x", 4096*1024) {
		t.Errorf("%d events, or other data", len(got))
	}
}
