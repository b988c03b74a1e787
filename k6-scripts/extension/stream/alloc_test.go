package stream

import (
	"fmt"
	"strings"
	"testing"
)

// counting keeps nothing.
type counting struct {
	events, bytes int
}

func (c *counting) Event(e *Event) {
	c.events++
	c.bytes += len(e.Data)
}
func (c *counting) Comment()    {}
func (c *counting) Retry(int64) {}
func (c *counting) Overflow()   {}

// referenceEvents are events of the reference server, of 128 bytes each.
func referenceEvents(count int) []byte {
	text := ""
	for i := range count {
		event := fmt.Sprintf("id: %d\ndata: {\"seq\":%d,\"dueAt\":1700000000123456,\"sentAt\":1700000000123478,\"pad\":\"\"}\n\n", 1000+i, 1000+i)
		text += strings.Replace(event, `"}`, strings.Repeat("x", 128-len(event))+`"}`, 1)
	}
	return []byte(text)
}

func TestNoAllocationPerEvent(t *testing.T) {
	for name, chunk := range map[string][]byte{
		"of the reference server":  referenceEvents(16),
		"of many lines and a type": []byte(strings.Repeat("event: tick\ndata: a\ndata: b\r\ndata\nid: some-id\nretry: 5\n: c\n\n", 16)),
		"cut in the middle":        []byte("b\n\nevent: e\nid: 12\ndata: x\ndata: a"),
	} {
		t.Run(name, func(t *testing.T) {
			sink := &counting{}
			p := NewParser(sink, DefaultLimit, "")
			if got := testing.AllocsPerRun(200, func() { p.Push(chunk) }); got != 0 {
				t.Errorf("%v allocations a chunk", got)
			}
			if sink.events < 200 {
				t.Errorf("only %d events", sink.events)
			}
		})
	}
}

func TestLittleIsKept(t *testing.T) {
	p := NewParser(&counting{}, DefaultLimit, "")
	p.Push([]byte("data: " + strings.Repeat("x", 1<<20)))
	p.Push([]byte("\ndata: y"))
	p.Push([]byte("\n\n"))
	if kept := cap(p.partial) + cap(p.block.data.own); kept > 2*mostKept {
		t.Errorf("%d bytes stay behind a long event", kept)
	}
}

func BenchmarkParser(b *testing.B) {
	for _, each := range []int{1, 16} {
		b.Run(fmt.Sprintf("%d a chunk", each), func(b *testing.B) {
			chunk := referenceEvents(each)
			p := NewParser(&counting{}, DefaultLimit, "")
			b.SetBytes(int64(len(chunk)))
			b.ReportAllocs()
			for b.Loop() {
				p.Push(chunk)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*each), "ns/event")
		})
	}
}
