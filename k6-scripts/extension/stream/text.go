package stream

import "unicode/utf8"

// Text decodes UTF-8 as the Encoding standard does: the longest beginning of a character that breaks off becomes one
// U+FFFD, every other byte that fits nowhere one of its own. A byte order mark stays. What package utf8 does by itself
// is something else, one U+FFFD for each byte, and strings.ToValidUTF8 makes one of a whole run.
func Text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	// A stray byte becomes three.
	out := make([]byte, 0, len(b)+len(b)/2+utf8.UTFMax)
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			size = brokenLength(b)
		}
		out = utf8.AppendRune(out, r)
		b = b[size:]
	}
	return string(out)
}

// brokenLength is how many bytes of b, which does not begin with a whole character, one U+FFFD stands for: those that
// some character could have begun with (Unicode, table 3-7).
func brokenLength(b []byte) int {
	low, high, length := byte(0x80), byte(0xbf), 1
	switch lead := b[0]; {
	case lead >= 0xe0 && lead <= 0xef:
		length = 3
		if lead == 0xe0 {
			low = 0xa0 // less would be an overlong form
		} else if lead == 0xed {
			high = 0x9f // more would be a surrogate
		}
	case lead >= 0xf0 && lead <= 0xf4:
		length = 4
		if lead == 0xf0 {
			low = 0x90
		} else if lead == 0xf4 {
			high = 0x8f // more would be above U+10FFFF
		}
	}
	at := 1
	for at < length-1 && at < len(b) && b[at] >= low && b[at] <= high {
		low, high = 0x80, 0xbf
		at++
	}
	return at
}
