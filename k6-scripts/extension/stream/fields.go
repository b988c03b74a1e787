package stream

import "math"

// valueOf is the value of the line's field when the field has this name. A line without a colon is a field with an empty
// value, and one space behind the colon is no part of it (9.2.6). Names are ASCII and case counts, so nothing is decoded.
func valueOf(line []byte, name string) ([]byte, bool) {
	if len(line) < len(name) || string(line[:len(name)]) != name {
		return nil, false
	}
	rest := line[len(name):]
	if len(rest) == 0 {
		return rest, true
	}
	if rest[0] != ':' {
		return nil, false
	}
	rest = rest[1:]
	if len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	return rest, true
}

// digitsValue is the number that the digits write, and whether there is nothing but ASCII digits, at least one (9.2.6,
// field retry). A number too large for the type becomes the largest: the server asked for a long time, not for none.
func digitsValue(digits []byte) (int64, bool) {
	value := int64(0)
	for _, digit := range digits {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		next := int64(digit - '0')
		if value > (math.MaxInt64-next)/10 {
			value = math.MaxInt64
		} else {
			value = value*10 + next
		}
	}
	return value, len(digits) > 0
}
