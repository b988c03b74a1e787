package output

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	k6output "go.k6.io/k6/output"

	"sse-harness/extension/live"
)

// line is one JSON object of the output.
type line map[string]any

func (l line) kind() string {
	return l["type"].(string)
}

func (l line) number(name string) int64 {
	return int64(l[name].(float64))
}

// started gives an output of a new run that writes to a file, and what it wrote once it is stopped.
func started(t *testing.T, settings string) (*Output, func() []line) {
	t.Helper()
	before := live.Current
	live.Current = live.NewRun()
	t.Cleanup(func() { live.Current = before })
	file := filepath.Join(t.TempDir(), "part")
	held, err := New(k6output.Params{ConfigArgument: file + settings})
	if err != nil {
		t.Fatal(err)
	}
	output := held.(*Output)
	output.SetTestRunStopCallback(func(err error) { t.Errorf("it ended the run: %v", err) })
	if err := output.Start(); err != nil {
		t.Fatal(err)
	}
	return output, func() []line {
		t.Helper()
		if err := output.Stop(); err != nil {
			t.Fatal(err)
		}
		return linesOf(t, file)
	}
}

func linesOf(t *testing.T, file string) []line {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := []line{}
	for text := range strings.Lines(string(text)) {
		var read line
		if err := json.Unmarshal([]byte(text), &read); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		lines = append(lines, read)
	}
	return lines
}

func ofKind(lines []line, kind string) []line {
	return slices.DeleteFunc(slices.Clone(lines), func(l line) bool { return l.kind() != kind })
}

// The keys of each message as its reader has them.
var interfaces = map[string][]string{
	"start": {"K6Start"}, "phase": {"K6Phase"}, "target": {"K6Target"}, "phase-count": {"K6PhaseCount"},
	"interval": {"K6Interval"}, "result": {"K6Result", "EndTallies"},
}

var member = regexp.MustCompile(`(?m)^  (?:readonly )?(\w+)\??:`)

// keysOf reads them from the sources of the harness.
func keysOf(t *testing.T, kind string) []string {
	t.Helper()
	keys := []string{}
	for _, name := range interfaces[kind] {
		body := ""
		for _, file := range []string{"k6/messages.ts", "measure/tallies.ts"} {
			source, err := os.ReadFile(filepath.Join("../../../harness", file))
			if err != nil {
				t.Fatal(err)
			}
			if _, after, found := strings.Cut(string(source), "export interface "+name+" "); found {
				body, _, _ = strings.Cut(after, "\n}")
			}
		}
		if body == "" {
			t.Fatalf("there is no interface %s", name)
		}
		for _, match := range member.FindAllStringSubmatch(body, -1) {
			keys = append(keys, match[1])
		}
	}
	slices.Sort(keys)
	return keys
}

// checkShape: each line has the keys that its reader wants, and no others.
func checkShape(t *testing.T, lines []line) {
	t.Helper()
	for _, l := range lines {
		if got, want := slices.Sorted(maps.Keys(l)), keysOf(t, l.kind()); !slices.Equal(got, want) {
			t.Errorf("%s has %v\ninstead of %v", l.kind(), got, want)
		}
	}
	for _, interval := range ofKind(lines, "interval") {
		want := []string{"cpu", "gcPauses", "rss", "runDelay", "utilisation"}
		if got := slices.Sorted(maps.Keys(interval["load"].(map[string]any))); !slices.Equal(got, want) {
			t.Errorf("load has %v", got)
		}
		for _, name := range []string{"phases", "fanout", "balances"} {
			if _, isList := interval[name].([]any); !isList {
				t.Errorf("%s is no list but %v", name, interval[name])
			}
		}
	}
}

// counted sums a counter over all intervals and phases.
func counted(lines []line, counter string) (sum int64) {
	for _, interval := range ofKind(lines, "interval") {
		for _, phase := range interval["phases"].([]any) {
			set := phase.(map[string]any)["set"].(map[string]any)
			if value, is := set["counters"].(map[string]any)[counter]; is {
				sum += int64(value.(float64))
			}
		}
	}
	return sum
}

// samples of a histogram over all intervals and phases.
func samples(lines []line, key string) (sum int64) {
	for _, interval := range ofKind(lines, "interval") {
		for _, phase := range interval["phases"].([]any) {
			for _, histogram := range phase.(map[string]any)["set"].(map[string]any)["histograms"].([]any) {
				histogram := histogram.(map[string]any)
				if exact, is := histogram["exact"].(map[string]any); is && histogram["key"] == key {
					sum += int64(exact["count"].(float64))
				}
			}
		}
	}
	return sum
}
