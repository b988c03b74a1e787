package stream

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// found is one thing that a parser reports, in the form of the shared fixtures.
type found struct {
	Type        string `json:"type"`
	Event       string `json:"event"`
	Data        string `json:"data"`
	LastEventID string `json:"lastEventId"`
	HasID       bool   `json:"hasId"`
	MS          int64  `json:"ms"`
}

// collector turns what a parser reports into values that can be compared.
type collector struct {
	found     []found
	ids       []string
	overflows int
}

func (c *collector) Event(e *Event) {
	c.found = append(c.found, found{
		Type: "event", Event: e.Name(), Data: Text(e.Data), LastEventID: e.LastEventID(), HasID: e.HasID,
	})
	c.ids = append(c.ids, Text(e.ID))
}
func (c *collector) Comment()       { c.found = append(c.found, found{Type: "comment"}) }
func (c *collector) Retry(ms int64) { c.found = append(c.found, found{Type: "retry", MS: ms}) }
func (c *collector) Overflow()      { c.overflows++ }

// data is the data of all events so far.
func (c *collector) data() []string {
	all := []string{}
	for _, one := range c.found {
		if one.Type == "event" {
			all = append(all, one.Data)
		}
	}
	return all
}

// collect feeds the bytes cut at these places; each chunk is destroyed after its push, as a shared read buffer would be.
func collect(input []byte, limit int, cuts ...int) *collector {
	c := &collector{}
	p := NewParser(c, limit, "")
	cuts = slices.Sorted(slices.Values(append(cuts, len(input))))
	from := 0
	for _, to := range cuts {
		chunk := bytes.Clone(input[from:to])
		p.Push(chunk)
		for i := range chunk {
			chunk[i] = '!'
		}
		from = to
	}
	return c
}

// everywhere is a cut before each byte, with an empty chunk between.
func everywhere(input []byte) []int {
	cuts := []int{}
	for at := range input {
		cuts = append(cuts, at, at)
	}
	return cuts
}

func mustEqual(want, got []found) error {
	if slices.Equal(want, got) {
		return nil
	}
	return fmt.Errorf("\nwanted %+v\nfound  %+v", want, got)
}

var lineEnd = regexp.MustCompile(`\r\n|\n|\r`)

// reference is the algorithm of the standard step by step and slowly: decode everything, cut into lines, process one after
// the other. It knows no chunks, so nothing about chunks can be wrong with it.
func reference(input []byte) []found {
	text := strings.TrimPrefix(Text(input), "\ufeff")
	lines := lineEnd.Split(text, -1)
	all := []found{}
	var data, event, id string
	hasID := false
	// What follows the last line end is not a line.
	for _, line := range lines[:len(lines)-1] {
		if line == "" {
			if event == "" {
				event = "message"
			}
			if data != "" {
				all = append(all, found{Type: "event", Event: event, Data: data[:len(data)-1], LastEventID: id, HasID: hasID})
			}
			data, event, hasID = "", "", false
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line[0] == ':':
			all = append(all, found{Type: "comment"})
		case field == "event":
			event = value
		case field == "data":
			data += value + "\n"
		case field == "id" && !strings.Contains(value, "\x00"):
			id, hasID = value, true
		case field == "retry" && value != "" && strings.Trim(value, "0123456789") == "":
			ms, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				ms = math.MaxInt64
			}
			all = append(all, found{Type: "retry", MS: ms})
		}
	}
	return all
}
