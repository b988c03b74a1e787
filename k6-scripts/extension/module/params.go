package module

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/lib"
	"go.k6.io/k6/metrics"

	"sse-harness/extension/client"
	"sse-harness/extension/live"
	"sse-harness/extension/stream"
)

const (
	defaultConnectTimeout = 10 * time.Second
	defaultHeadersTimeout = 30 * time.Second
)

type parsedParams struct {
	settings client.Settings
	tags     metrics.TagsAndMeta
}

// parseParams reads the parameters of sse.open(). A name that is not known is refused: misspelt it would do nothing, in
// silence.
func parseParams(rt *sobek.Runtime, state *lib.State, value sobek.Value) (*parsedParams, error) {
	parsed := &parsedParams{
		settings: client.Settings{
			Method:         http.MethodGet,
			Header:         http.Header{"User-Agent": {state.Options.UserAgent.String}},
			Mode:           stream.ModeNever,
			Retry:          time.Duration(stream.DefaultRetryMS) * time.Millisecond,
			ConnectTimeout: defaultConnectTimeout,
			HeadersTimeout: defaultHeadersTimeout,
			LineLimit:      stream.DefaultLimit,
			IntendedAt:     live.Now(),
			Transport:      client.Transport{Round: func() *http.Transport { return transport(state) }},
		},
		tags: state.Tags.GetCurrentValues(),
	}
	if state.CookieJar != nil {
		parsed.settings.Transport.Cookies = state.CookieJar
	}
	if value == nil || sobek.IsUndefined(value) || sobek.IsNull(value) {
		return parsed, nil
	}
	reader := &paramReader{rt: rt, params: value.ToObject(rt), parsed: parsed}
	for _, name := range reader.params.Keys() {
		if given := reader.params.Get(name); sobek.IsUndefined(given) || sobek.IsNull(given) {
			continue
		}
		set, known := paramSetters[name]
		if !known {
			return nil, fmt.Errorf("sse.open() has no parameter %q; it has %s", name, strings.Join(paramNames(), ", "))
		}
		if err := set(reader, name); err != nil {
			return nil, fmt.Errorf("sse.open() parameter %s: %w", name, err)
		}
	}
	return parsed, reader.extractor()
}

type paramReader struct {
	rt              *sobek.Runtime
	params          *sobek.Object
	parsed          *parsedParams
	stamp, sequence string
}

type setter func(r *paramReader, name string) error

var paramSetters map[string]setter

func init() {
	settings := func(r *paramReader) *client.Settings { return &r.parsed.settings }
	paramSetters = map[string]setter{
		"method": func(r *paramReader, name string) error {
			if method := strings.ToUpper(strings.TrimSpace(r.text(name))); method != "" {
				settings(r).Method = method
			}
			return nil
		},
		"body":           text(func(r *paramReader) *string { return &settings(r).Body }),
		"lastEventId":    text(func(r *paramReader) *string { return &settings(r).LastEventID }),
		"stamp":          text(func(r *paramReader) *string { return &r.stamp }),
		"sequence":       text(func(r *paramReader) *string { return &r.sequence }),
		"timeout":        duration(func(r *paramReader) *time.Duration { return &settings(r).Lifetime }),
		"retry":          duration(func(r *paramReader) *time.Duration { return &settings(r).Retry }),
		"connectTimeout": duration(func(r *paramReader) *time.Duration { return &settings(r).ConnectTimeout }),
		"headersTimeout": duration(func(r *paramReader) *time.Duration { return &settings(r).HeadersTimeout }),
		"idleTimeout":    duration(func(r *paramReader) *time.Duration { return &settings(r).IdleTimeout }),
		"maxEvents":      whole(func(r *paramReader) *int64 { return &settings(r).MaxEvents }),
		"bytesPerSecond": whole(func(r *paramReader) *int64 { return &settings(r).BytesPerSecond }),
		"headers":        setHeaders,
		"tags":           setTags,
		"jar":            setJar,
		"reconnect":      setReconnect,
		"backoff":        setBackoff,
		"until":          setUntil,
		"dueAt":          setDueAt,
	}
}

func paramNames() []string {
	names := make([]string, 0, len(paramSetters))
	for name := range paramSetters {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
