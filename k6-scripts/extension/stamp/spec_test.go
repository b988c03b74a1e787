package stamp

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

func key(name string) step     { return step{key: name} }
func index(number int) step    { return step{index: number, isIndex: true} }
func path(steps ...step) field { return jsonField{steps} }

func TestParseField(t *testing.T) {
	for text, want := range map[string]field{
		"id":                           idField{},
		"json:$.seq":                   path(key("seq")),
		"json:$.a.b-c":                 path(key("a"), key("b-c")),
		"json:$._x.$y":                 path(key("_x"), key("$y")),
		"json:$.list[0].n":             path(key("list"), index(0), key("n")),
		"json:$[12]":                   path(index(12)),
		"json:$[99999999999999999999]": path(index(math.MaxInt)),
		`json:$["odd name"]`:           path(key("odd name")),
		`json:$[""]`:                   path(key("")),
		`json:$["\"q\u0041"].x`:        path(key(`"qA`), key("x")),
	} {
		got, err := parseField(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v %v, not %+v", text, got, err, want)
		}
	}
	for _, pattern := range []string{`n=(\d+)`, `(?:a|b)(?<n>\d+)`, `a:(?P<n>b)`} {
		got, err := parseField("regex:" + pattern)
		if regex, ok := got.(regexField); err != nil || !ok || regex.regex.String() != pattern {
			t.Errorf("%s: %+v %v", pattern, got, err)
		}
	}
}

func TestRefusedFields(t *testing.T) {
	for text, why := range map[string]string{
		"ids":                "where to look; write id, json:$.path or regex:(...)",
		"json:":              "no JSON path",
		"json:$":             "no JSON path",
		"json:seq":           "no JSON path",
		"json:$.a.":          "no JSON path",
		"json:$.a b":         "no JSON path",
		"json:$[x]":          "no JSON path",
		"json:$[-1]":         "no JSON path",
		`json:$["a\x"]`:      "no JSON path",
		`regex:\d+`:          `regex "\d+" has 0 groups; exactly one`,
		"regex:(a)(b)":       "2 groups",
		"regex:(":            "not valid: missing closing ): (",
		"regex:(a)[":         "not valid",
		"regex:(a)(?=b)":     "a look-around, which the regular expressions of k6 (RE2) do not have",
		"regex:(?<=a)(b)":    "look-around",
		"regex:(?<!a)(b)":    "look-around",
		"regex:(?!a)(b)":     "look-around",
		`regex:(a)\1`:        "a backreference, which the regular expressions of k6 (RE2) do not have",
		`regex:(?<n>a)\k<n>`: "backreference",
		`regex:(\u0041)`:     `write the character itself or \x{...}`,
		`regex:(a)\y`:        `not valid: invalid escape sequence: \y`,
	} {
		_, err := NewSpec("", text)
		if err == nil || !strings.Contains(err.Error(), why) || !strings.HasPrefix(err.Error(), "sequence: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestParseStamp(t *testing.T) {
	for text, want := range map[string]struct {
		field field
		unit  unit
	}{
		"json:$.t:ns": {path(key("t")), -3},
		"id:us":       {idField{}, 0},
		"id:ms":       {idField{}, 3},
		"id:s":        {idField{}, 6},
	} {
		f, u, err := parseStamp(text)
		if err != nil || u != want.unit || !reflect.DeepEqual(f, want.field) {
			t.Errorf("%s: %+v %v %v, not %+v", text, f, u, err, want)
		}
	}
	for text, want := range map[string]string{`regex:^(\d+):us`: `^(\d+)`, `regex:t:(\d+):s`: `t:(\d+)`} {
		if f, _, err := parseStamp(text); err != nil || f.(regexField).regex.String() != want {
			t.Errorf("%s: %+v %v", text, f, err)
		}
	}
	for text, why := range map[string]string{
		"id":         "write for example id:ms (ns, us, ms or s)",
		"json:$.t":   "no unit",
		"json:$.t:m": "no unit",
		"ms":         "no unit",
		"nothing:ms": "where to look",
		"regex:(:ms": "not valid",
	} {
		if _, err := NewSpec(text, ""); err == nil || !strings.Contains(err.Error(), why) || !strings.HasPrefix(err.Error(), "stamp: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestBothFaultsAreReported(t *testing.T) {
	extractor, err := NewSpec("id", "nowhere")
	if extractor != nil || err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "stamp: ") || !strings.HasPrefix(lines[1], "sequence: ") {
		t.Errorf("%q", lines)
	}
}
