// Package record measures event streams: samples of thousands of them -> histograms and counts, by phase. It means and
// names everything as the workers of the Node harness do (harness/measure, harness/run/worker.ts), so that one reader
// understands both. It reads no clock, starts no goroutine and does no input or output: every time is passed in, in
// microseconds of the Unix epoch.
package record

import (
	"strings"
)

const (
	second = int64(1_000_000)
	hour   = 3600 * second
	week   = 7 * 24 * hour
)

// HistogramKey is a histogram's key in a record: the metric's name, with tags where it has some. All values are
// microseconds.
type HistogramKey string

const (
	keyStaleness             HistogramKey = "sse_staleness"
	keyDelivery              HistogramKey = "sse_delivery_latency"
	keyTransit               HistogramKey = "sse_transit_latency"
	keyVariation             HistogramKey = "sse_delivery_variation"
	keyConnect               HistogramKey = "sse_connect_duration"
	keyConnectUncorrected    HistogramKey = "sse_connect_duration_uncorrected"
	keyHeaders               HistogramKey = "sse_headers_duration"
	keyHeadersUncorrected    HistogramKey = "sse_headers_duration_uncorrected"
	keyFirstEvent            HistogramKey = "sse_first_event_duration"
	keyFirstEventUncorrected HistogramKey = "sse_first_event_duration_uncorrected"
	keyGap                   HistogramKey = "sse_event_gap"
	keyWorstGap              HistogramKey = "sse_worst_gap"
	keyOutage                HistogramKey = "sse_outage_duration"
	keyReconnectDetect       HistogramKey = "sse_reconnect_detect"
	keyReconnectWait         HistogramKey = "sse_reconnect_wait"
	keyReconnectAttempt      HistogramKey = "sse_reconnect_attempt"
	keyReconnectFirstEvent   HistogramKey = "sse_reconnect_first_event"
	keyStreamDuration        HistogramKey = "sse_stream_duration"
	keyQueueDelay            HistogramKey = "harness_queue_delay"
)

// streamDurationOf is the key of the streams that ended for this reason.
func streamDurationOf(reason string) HistogramKey {
	return keyStreamDuration + "{reason=" + HistogramKey(reason) + "}"
}

// highestByName is the largest value of each metric that is kept with three significant digits, microseconds; above it
// a sample is counted as overflow and not clamped.
var highestByName = map[string]int64{
	string(keyStaleness):             hour,
	string(keyDelivery):              hour,
	string(keyTransit):               hour,
	string(keyVariation):             hour,
	string(keyConnect):               hour,
	string(keyConnectUncorrected):    hour,
	string(keyHeaders):               hour,
	string(keyHeadersUncorrected):    hour,
	string(keyFirstEvent):            hour,
	string(keyFirstEventUncorrected): hour,
	string(keyGap):                   hour,
	string(keyWorstGap):              hour,
	string(keyOutage):                hour,
	string(keyReconnectDetect):       hour,
	string(keyReconnectWait):         hour,
	string(keyReconnectAttempt):      hour,
	string(keyReconnectFirstEvent):   hour,
	string(keyStreamDuration):        week,
	string(keyQueueDelay):            hour,
}

// HighestOf is the range of a histogram, tags or not, in microseconds.
func HighestOf(key HistogramKey) int64 {
	name, _, _ := strings.Cut(string(key), "{")
	return highestByName[name]
}

// Counter names one of the counts that are kept as things happen.
type Counter int

// The counters. Bytes are those of response bodies; all others count occurrences.
const (
	EventsReceived Counter = iota
	BytesReceived
	Reads
	CommentsReceived
	ConnectionsOpened
	ConnectionsFailed
	Reconnects
	NegativeLatency
	counterCount
)

var counterNames = [counterCount]string{
	EventsReceived:    "sse_events_received",
	BytesReceived:     "sse_bytes_received",
	Reads:             "sse_reads",
	CommentsReceived:  "sse_comments_received",
	ConnectionsOpened: "sse_connections_opened",
	ConnectionsFailed: "sse_connections_failed",
	Reconnects:        "sse_reconnects",
	NegativeLatency:   "sse_negative_latency",
}

// String is the counter's name in a record.
func (c Counter) String() string {
	return counterNames[c]
}
