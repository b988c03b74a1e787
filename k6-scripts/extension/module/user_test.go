package module

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/grafana/sobek"
	"go.k6.io/k6/js/modulestest"
	"go.k6.io/k6/lib"
	"go.k6.io/k6/metrics"
)

// user is a virtual user of k6 with the module as `sse`, and what it pushed.
type user struct {
	t       *testing.T
	runtime *modulestest.Runtime
	state   *lib.State
	samples chan metrics.SampleContainer
}

func newUser(t *testing.T, thresholds ...string) *user {
	t.Helper()
	runtime := modulestest.NewRuntime(t)
	registry := runtime.VU.InitEnvField.Registry
	instance := new(Root).NewModuleInstance(runtime.VU)
	samples := make(chan metrics.SampleContainer, 1000)
	options := lib.Options{SystemTags: &metrics.DefaultSystemTagSet, Thresholds: map[string]metrics.Thresholds{}}
	for _, name := range thresholds {
		options.Thresholds[name] = metrics.NewThresholds([]string{"max>0"})
	}
	state := &lib.State{
		Options:        options,
		Dialer:         &net.Dialer{},
		BuiltinMetrics: runtime.BuiltinMetrics,
		Samples:        samples,
		Tags:           lib.NewVUStateTags(registry.RootTagSet()),
	}
	runtime.MoveToVUContext(state)
	if err := runtime.VU.Runtime().Set("sse", instance.Exports().Default); err != nil {
		t.Fatal(err)
	}
	return &user{t, runtime, state, samples}
}

func (u *user) run(code string) (sobek.Value, error) {
	return u.runtime.VU.Runtime().RunString(code)
}

// text is what the code came to.
func (u *user) text(code string) string {
	u.t.Helper()
	value, err := u.run(code)
	if err != nil {
		u.t.Fatal(err)
	}
	return value.String()
}

// pushed sums the samples by metric, and keeps the tags of the last one of each.
func (u *user) pushed() (sums map[string]float64, count map[string]int, tags map[string]map[string]string) {
	sums, count, tags = map[string]float64{}, map[string]int{}, map[string]map[string]string{}
	for {
		select {
		case container := <-u.samples:
			for _, sample := range container.GetSamples() {
				sums[sample.Metric.Name] += sample.Value
				count[sample.Metric.Name]++
				tags[sample.Metric.Name] = sample.Tags.Map()
			}
		default:
			return sums, count, tags
		}
	}
}

// eventServer sends these events and then waits, or ends when `end` is true.
func eventServer(t *testing.T, body string, end bool) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte(body))
		_ = http.NewResponseController(w).Flush()
		if !end {
			<-r.Context().Done()
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

const four = ": heartbeat\n\nid: 1\nevent: tick\ndata: a\n\nid: 2\ndata\n\nretry: 5\n\nid: 3\rdata: \xff\r\rid: 4\ndata: d\n\n"
