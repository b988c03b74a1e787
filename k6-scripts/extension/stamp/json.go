package stamp

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"sse-harness/extension/stream"
)

// findJSON finds one value in JSON without building the rest: an event costs no object, and a 19-digit number keeps its
// digits because it never becomes a float. Of a string it is the inside, since numbers too large for other parsers are
// often quoted. False when the path leads nowhere.
func findJSON(data []byte, path []step) ([]byte, bool) {
	at := skipSpace(data, 0)
	for _, s := range path {
		if s.isIndex {
			at = enterArray(data, at, s.index)
		} else {
			at = enterObject(data, at, s.key)
		}
		if at < 0 {
			return nil, false
		}
	}
	end := skipValue(data, at)
	if end < 0 || end == at {
		return nil, false
	}
	if data[at] == '"' {
		return data[at+1 : end-1], true
	}
	return data[at:end], true
}

// byteAt is 0, which stands for nothing in JSON, behind the end.
func byteAt(data []byte, at int) byte {
	if at < len(data) {
		return data[at]
	}
	return 0
}

// enterObject is where the value of the key begins, -1 when there is none.
func enterObject(data []byte, start int, key string) int {
	if byteAt(data, start) != '{' {
		return -1
	}
	at := skipSpace(data, start+1)
	for byteAt(data, at) == '"' {
		keyEnd := skipString(data, at)
		if keyEnd < 0 {
			return -1
		}
		colon := skipSpace(data, keyEnd)
		if byteAt(data, colon) != ':' {
			return -1
		}
		value := skipSpace(data, colon+1)
		if sameKey(data[at+1:keyEnd-1], key) {
			return value
		}
		if at = nextMember(data, skipValue(data, value)); at < 0 {
			return -1
		}
	}
	return -1
}

// enterArray is where the member begins, -1 when there is none.
func enterArray(data []byte, start, index int) int {
	if byteAt(data, start) != '[' {
		return -1
	}
	at := skipSpace(data, start+1)
	for i := 0; at >= 0 && at < len(data) && data[at] != ']'; i++ {
		if i == index {
			return at
		}
		at = nextMember(data, skipValue(data, at))
	}
	return -1
}

func nextMember(data []byte, valueEnd int) int {
	if valueEnd < 0 {
		return -1
	}
	comma := skipSpace(data, valueEnd)
	if byteAt(data, comma) != ',' {
		return -1
	}
	return skipSpace(data, comma+1)
}

func skipSpace(data []byte, at int) int {
	for at < len(data) && data[at] <= ' ' {
		at++
	}
	return at
}

func skipString(data []byte, start int) int {
	for at := start + 1; at < len(data); at++ {
		switch data[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return -1
}

// skipValue is the end of the value that begins at start, -1 when it does not end within the data.
func skipValue(data []byte, start int) int {
	first := byteAt(data, start)
	if first == '"' {
		return skipString(data, start)
	}
	if first != '{' && first != '[' {
		return skipScalar(data, start)
	}
	depth := 0
	for at := start; at < len(data); at++ {
		switch data[at] {
		case '"':
			end := skipString(data, at)
			if end < 0 {
				return -1
			}
			at = end - 1
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth == 0 {
				return at + 1
			}
		}
	}
	return -1
}

func skipScalar(data []byte, at int) int {
	for at < len(data) {
		switch b := data[at]; {
		case b <= ' ', b == ',', b == '}', b == ']':
			return at
		}
		at++
	}
	return at
}

// sameKey compares the inside of a quoted key as it is written, and decodes it only where that can matter.
func sameKey(raw []byte, key string) bool {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw) == key || (!utf8.Valid(raw) && stream.Text(raw) == key)
	}
	var decoded string
	if json.Unmarshal([]byte(`"`+stream.Text(raw)+`"`), &decoded) != nil {
		return false
	}
	return decoded == key
}
