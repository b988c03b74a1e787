package record

import "strconv"

// told is what the reference server says of a connection in its response headers.
type told struct {
	joined
	channel    string
	hasChannel bool
}

// untold is a server that says nothing of itself.
var untold = told{joined: joined{serverStream: -1, liveFrom: -1, resumedFrom: -1}}

// toldBy is false when the server is not the reference server: others' headers of that name mean nothing to us. Names of
// headers are in lower case.
func toldBy(headers map[string]string, resumedFrom string) (told, bool) {
	if headers["x-sse-harness"] != "1" {
		return untold, false
	}
	channel, hasChannel := headers["x-sse-harness-channel"]
	return told{
		joined: joined{
			serverStream: integerOf(headers["x-sse-harness-stream"]),
			instance:     headers["x-sse-harness-instance"],
			liveFrom:     integerOf(headers["x-sse-harness-next"]),
			resumedFrom:  integerOf(resumedFrom),
		},
		channel:    channel,
		hasChannel: hasChannel,
	}, true
}

const mostDigits = 15

// integerOf is -1 for anything but a whole number of at most 15 digits.
func integerOf(text string) int64 {
	if text == "" || len(text) > mostDigits {
		return -1
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return -1
		}
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return -1
	}
	return value
}
