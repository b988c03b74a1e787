package stamp

// unit is how a stamp counts the time since the Unix epoch, as the power of ten that makes it microseconds.
type unit int

var units = map[string]unit{"s": 6, "ms": 3, "us": 0, "ns": -3}

const (
	// Microseconds of our time.
	stampDigits = 16
	// More would not all be exact in the JavaScript that reads the record.
	mostDigits = 15
)

// farthest is the latest time, in microseconds: what is later, in a wrong unit most likely, counts as this, so that a
// difference or an offset still fits the type.
const farthest = 1 << 62

func isDigit(b byte) bool {
	return b >= '0' && b <= '9'
}

// digits is the number that up to 18 digits write, None when there is anything else.
func digits(text []byte) int64 {
	value := int64(0)
	for _, digit := range text {
		if !isDigit(digit) {
			return None
		}
		value = value*10 + int64(digit-'0')
	}
	return value
}

func allDigits(text []byte) bool {
	for _, digit := range text {
		if !isDigit(digit) {
			return false
		}
	}
	return true
}

// integer is a whole number of at most 15 digits, or None.
func integer(text []byte) int64 {
	if len(text) == 0 || len(text) > mostDigits {
		return None
	}
	return digits(text)
}

// micros is a decimal epoch stamp in whole microseconds, or None. It cuts digits off or adds some, and never divides:
// 19 digits of nanoseconds stay exact, and so does a fraction of a second.
func micros(text []byte, u unit) int64 {
	point := 0
	for point < len(text) && isDigit(text[point]) {
		point++
	}
	if point == 0 || (point < len(text) && text[point] != '.') {
		return None
	}
	whole, fraction := text[:point], text[min(point+1, len(text)):]
	if u < 0 {
		whole = whole[:max(0, point+int(u))]
	}
	// All of the fraction, though it does not all count: an exponent at its end would make it another number.
	if len(whole) > stampDigits || !allDigits(fraction) {
		return None
	}
	value := digits(whole)
	for i := range int(u) {
		next := int64(0)
		if i < len(fraction) {
			next = int64(fraction[i] - '0')
		}
		if value > (farthest-next)/10 {
			return farthest
		}
		value = value*10 + next
	}
	return value
}
