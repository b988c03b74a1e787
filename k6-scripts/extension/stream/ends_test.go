package stream

import (
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	ownEnds = regexp.MustCompile(`OWN_ENDS[^\[]*\[([^\]]*)\]`)
	quoted  = regexp.MustCompile(`'([^']*)'`)
	reason  = regexp.MustCompile(`(?m)^  '?([a-z-]+)'?: '(.*)',$`)
	failure = regexp.MustCompile(`(?m)^  '?([a-z-]+)'?: \{ final: (true|false), what: '(.*)' \},$`)
)

// The run record is read by the code that has these names: they are the same, or this fails.
func TestEndsAreThoseOfTheRunRecord(t *testing.T) {
	text, err := os.ReadFile("../../../harness/model/ends.ts")
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for _, match := range reason.FindAllStringSubmatch(string(text), -1) {
		reasons[match[1]] = match[2]
	}
	if !maps.Equal(reasons, EndReasons) {
		t.Errorf("end reasons\n%v there\n%v here", reasons, EndReasons)
	}
	failures := map[string]Failure{}
	for _, match := range failure.FindAllStringSubmatch(string(text), -1) {
		failures[match[1]] = Failure{Final: match[2] == "true", What: match[3]}
	}
	if !maps.Equal(failures, Failures) {
		t.Errorf("failures\n%v there\n%v here", failures, Failures)
	}
	own := map[string]bool{}
	for _, match := range quoted.FindAllStringSubmatch(strings.Join(ownEnds.FindStringSubmatch(string(text)), ""), -1) {
		own[match[1]] = true
	}
	if len(own) < 5 {
		t.Fatalf("own ends there: %v", own)
	}
	for name := range EndReasons {
		if IsOwnEnd(name) != own[name] {
			t.Errorf("%s is an own end in one of the two only", name)
		}
	}
	if !IsFinal(FailTLS) || IsFinal(FailRefused) || IsFinal(EndClean) {
		t.Error("IsFinal does not say what Failures has")
	}
}
