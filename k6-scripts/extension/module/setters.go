package module

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/js/common"
	k6http "go.k6.io/k6/js/modules/k6/http"

	"sse-harness/extension/client"
	"sse-harness/extension/live"
	"sse-harness/extension/stamp"
	"sse-harness/extension/stream"
)

func (r *paramReader) text(name string) string {
	return r.params.Get(name).String()
}

func text(field func(*paramReader) *string) setter {
	return func(r *paramReader, name string) error {
		*field(r) = r.text(name)
		return nil
	}
}

func duration(field func(*paramReader) *time.Duration) setter {
	return func(r *paramReader, name string) error {
		parsed, err := parseDuration(r.text(name))
		*field(r) = parsed
		return err
	}
}

func parseDuration(given string) (time.Duration, error) {
	parsed, err := time.ParseDuration(given)
	if err != nil || parsed < 0 {
		return 0, fmt.Errorf("%q is no duration; write a number with its unit, such as 500ms, 5s or 1m30s", given)
	}
	return parsed, nil
}

func whole(field func(*paramReader) *int64) setter {
	return func(r *paramReader, name string) error {
		given := r.params.Get(name).ToFloat()
		if given < 1 || given != float64(int64(given)) {
			return fmt.Errorf("%s is no whole number from 1 on", r.text(name))
		}
		*field(r) = int64(given)
		return nil
	}
}

func (r *paramReader) extractor() error {
	if r.stamp == "" && r.sequence == "" {
		return nil
	}
	extractor, err := stamp.NewSpec(r.stamp, r.sequence)
	if err != nil {
		return fmt.Errorf("sse.open(): %w", err)
	}
	r.parsed.settings.Extractor = extractor
	r.parsed.settings.Partial = r.stamp == "" || r.sequence == ""
	return nil
}

func setHeaders(r *paramReader, name string) error {
	headers := r.params.Get(name).ToObject(r.rt)
	settings := &r.parsed.settings
	for _, key := range headers.Keys() {
		value := headers.Get(key).String()
		switch {
		case !strings.EqualFold(key, "Last-Event-ID"):
			settings.Header.Set(key, value)
		// How a script for xk6-sse resumes. It changes with every event, so it is no header of each request.
		case settings.LastEventID == "":
			settings.LastEventID = value
		}
	}
	return nil
}

func setTags(r *paramReader, name string) error {
	return common.ApplyCustomUserTags(r.rt, &r.parsed.tags, r.params.Get(name))
}

func setJar(r *paramReader, name string) error {
	jar, ok := r.params.Get(name).Export().(*k6http.CookieJar)
	if !ok {
		return errors.New("not a cookie jar of k6/http")
	}
	r.parsed.settings.Transport.Cookies = jar.Jar
	return nil
}

func setReconnect(r *paramReader, name string) error {
	modes := map[string]stream.Mode{
		"true": stream.ModeAuto, "false": stream.ModeNever,
		"auto": stream.ModeAuto, "always": stream.ModeAlways, "never": stream.ModeNever,
	}
	mode, known := modes[r.text(name)]
	if !known {
		return fmt.Errorf("%q is none of true, false, auto, always and never", r.text(name))
	}
	r.parsed.settings.Mode = mode
	return nil
}

func setUntil(r *paramReader, name string) error {
	field, value, found := strings.Cut(r.text(name), "=")
	if !found || !slices.Contains([]string{"data", "event", "id"}, field) {
		return fmt.Errorf("%q is not of the form data=TEXT, event=NAME or id=ID", r.text(name))
	}
	r.parsed.settings.Until = &client.Until{Field: field, Value: value}
	return nil
}

// furthestDue is how far from now a stream may be due: the longest run. What is further away is of another unit, and from
// there on every tenth of a second of the stream would be counted.
const furthestDue = 480 * time.Hour

func setDueAt(r *paramReader, name string) error {
	due := r.params.Get(name).ToFloat() * float64(time.Millisecond/time.Microsecond)
	// Written so that NaN is none either.
	if !(math.Abs(due-float64(live.Now())) <= float64(live.Micros(furthestDue))) {
		return fmt.Errorf("%s is not a time of this run, in milliseconds since the epoch", r.text(name))
	}
	r.parsed.settings.IntendedAt = int64(due)
	return nil
}

const (
	defaultBackoffInitial = time.Second
	defaultBackoffMax     = 30 * time.Second
	defaultBackoffFactor  = 2
)

// setBackoff has the defaults of a plan's backoff.
func setBackoff(r *paramReader, name string) error {
	given := r.params.Get(name).ToObject(r.rt)
	backoff := &stream.Backoff{
		Initial: defaultBackoffInitial, Max: defaultBackoffMax, Factor: defaultBackoffFactor, Jitter: stream.JitterFull,
	}
	for _, key := range given.Keys() {
		if err := setBackoffKey(backoff, key, given.Get(key)); err != nil {
			return err
		}
	}
	r.parsed.settings.Backoff = backoff
	return nil
}

func setBackoffKey(backoff *stream.Backoff, key string, given sobek.Value) (err error) {
	switch key {
	case "initial":
		backoff.Initial, err = parseDuration(given.String())
	case "max":
		backoff.Max, err = parseDuration(given.String())
	case "factor":
		backoff.Factor = given.ToFloat()
		if !(backoff.Factor >= 1) {
			err = fmt.Errorf("factor %s is less than 1", given)
		}
	case "jitter":
		backoff.Jitter = stream.Jitter(given.String())
		if backoff.Jitter != stream.JitterFull && backoff.Jitter != stream.JitterNone {
			err = fmt.Errorf("jitter %q is neither none nor full", given)
		}
	default:
		err = fmt.Errorf("it has no %q, but initial, max, factor and jitter", key)
	}
	return err
}
