package stamp

import (
	"regexp"
	"unicode/utf8"

	"sse-harness/extension/stream"
)

// field is a place in events. What it finds holds as long as the event does.
type field interface {
	find(e *stream.Event) ([]byte, bool)
}

type idField struct{}

func (idField) find(e *stream.Event) ([]byte, bool) {
	return e.ID, e.HasID
}

type jsonField struct {
	path []step
}

func (f jsonField) find(e *stream.Event) ([]byte, bool) {
	return findJSON(e.Data, f.path)
}

type regexField struct {
	regex *regexp.Regexp
}

// find offers id and data in turn, so that one pattern can look into either.
func (f regexField) find(e *stream.Event) ([]byte, bool) {
	if e.HasID {
		if value, ok := f.match(e.ID); ok {
			return value, true
		}
	}
	return f.match(e.Data)
}

func (f regexField) match(text []byte) ([]byte, bool) {
	if !utf8.Valid(text) {
		// The pattern counts the characters that the user sees.
		text = []byte(stream.Text(text))
	}
	at := f.regex.FindSubmatchIndex(text)
	// A group that took no part in the match holds no value.
	if at == nil || at[2] < 0 {
		return nil, false
	}
	return text[at[2]:at[3]], true
}
