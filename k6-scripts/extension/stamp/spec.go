package stamp

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"sse-harness/extension/stream"
)

// spec reads stamp and sequence wherever the user says they are.
type spec struct {
	// Nil for not at all, both of them.
	stamp    field
	sequence field
	unit     unit
}

// NewSpec reads the time where stamp says (FIELD:UNIT) and the number where sequence says (FIELD); either may be empty for
// not at all. A field is id, json:$.path or regex:(...), a unit of epoch time ns, us, ms or s. The error has one line for
// each of the two that is wrong.
func NewSpec(stamp, sequence string) (Extractor, error) {
	s := &spec{}
	var wrongStamp, wrongSequence error
	if stamp != "" {
		if s.stamp, s.unit, wrongStamp = parseStamp(stamp); wrongStamp != nil {
			wrongStamp = fmt.Errorf("stamp: %w", wrongStamp)
		}
	}
	if sequence != "" {
		if s.sequence, wrongSequence = parseField(sequence); wrongSequence != nil {
			wrongSequence = fmt.Errorf("sequence: %w", wrongSequence)
		}
	}
	if err := errors.Join(wrongStamp, wrongSequence); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *spec) Read(e *stream.Event, into *Values) {
	into.forget()
	if s.stamp != nil {
		if found, ok := s.stamp.find(e); ok {
			into.DueAt = micros(found, s.unit)
		}
	}
	if s.sequence != nil {
		if found, ok := s.sequence.find(e); ok {
			into.Sequence = integer(found)
			if into.Sequence < 0 {
				into.bad(found)
			}
		}
	}
}

// parseStamp asks for the unit and never guesses it: a guess would be wrong by a factor of a thousand.
func parseStamp(text string) (field, unit, error) {
	colon := strings.LastIndexByte(text, ':')
	u, known := units[text[colon+1:]]
	if colon < 0 || !known {
		return nil, 0, fmt.Errorf("\"%s\" has no unit at its end; write for example %s:ms (ns, us, ms or s)", text, text)
	}
	f, err := parseField(text[:colon])
	return f, u, err
}

func parseField(text string) (field, error) {
	if text == "id" {
		return idField{}, nil
	}
	if path, ok := strings.CutPrefix(text, "json:"); ok {
		steps, ok := parsePath(path)
		if !ok {
			return nil, fmt.Errorf("\"%s\" has no JSON path; write json:$.name, json:$.a.b or json:$.list[0]", text)
		}
		return jsonField{steps}, nil
	}
	if pattern, ok := strings.CutPrefix(text, "regex:"); ok {
		return parseRegex(pattern)
	}
	return nil, fmt.Errorf("\"%s\" says not where to look; write id, json:$.path or regex:(...)", text)
}

func parseRegex(pattern string) (field, error) {
	regex, err := regexp.Compile(pattern)
	if err != nil {
		return nil, regexFault(pattern, err)
	}
	if groups := regex.NumSubexp(); groups != 1 {
		return nil, fmt.Errorf("regex \"%s\" has %d groups; exactly one must hold the value", pattern, groups)
	}
	return regexField{regex}, nil
}

// regexFault says what to write instead where a pattern is one of JavaScript, as the runs without k6 take them, and uses
// what RE2 leaves out for its running time.
func regexFault(pattern string, err error) error {
	var fault *syntax.Error
	if !errors.As(err, &fault) {
		return fmt.Errorf("regex \"%s\" is not valid: %w", pattern, err)
	}
	lacking := func(what, instead string) error {
		return fmt.Errorf("regex \"%s\" uses %s, which the regular expressions of k6 (RE2) do not have; %s", pattern, what, instead)
	}
	starts := func(beginnings ...string) bool {
		for _, beginning := range beginnings {
			if strings.HasPrefix(fault.Expr, beginning) {
				return true
			}
		}
		return false
	}
	switch {
	case starts("(?=", "(?!", "(?<=", "(?<!"):
		return lacking("a look-around", "match what stands around the value outside of the one group")
	case starts(`\k`), len(fault.Expr) == 2 && starts(`\`) && isDigit(fault.Expr[1]):
		return lacking("a backreference", "write out what the group before it may match")
	case starts(`\u`):
		return lacking(`\u`, `write the character itself or \x{...}`)
	}
	return fmt.Errorf("regex \"%s\" is not valid: %s: %s", pattern, fault.Code, fault.Expr)
}
