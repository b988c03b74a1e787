package stamp

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

var characters = []string{`"`, `\`, "n", "u", "{", "]", ",", ":", " ", "é", "Ã", "©", "\n", "\x00", "\U0001f600", "\u2028"}

func someText(random *rand.Rand) string {
	text := ""
	for range random.IntN(5) {
		text += characters[random.IntN(len(characters))]
	}
	return text
}

func someTree(random *rand.Rand, depth int) any {
	switch kind := random.IntN(8); {
	case depth > 0 && kind < 2:
		list := make([]any, random.IntN(4))
		for i := range list {
			list[i] = someTree(random, depth-1)
		}
		return list
	case depth > 0 && kind < 5:
		object := map[string]any{}
		for range random.IntN(4) {
			object[someText(random)] = someTree(random, depth-1)
		}
		return object
	case kind == 5:
		return random.Float64()*1e6 - 5e5
	case kind == 6:
		return random.IntN(2) == 0
	case kind == 7:
		return nil
	}
	return someText(random)
}

// walk calls visit with every path into a value, and the value there.
func walk(value any, path []step, visit func(path []step, value any)) {
	visit(path, value)
	switch value := value.(type) {
	case []any:
		for i, member := range value {
			walk(member, append(slices.Clip(path), step{index: i, isIndex: true}), visit)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			walk(value[name], append(slices.Clip(path), step{key: name}), visit)
		}
	}
}

// written is the value as JSON, in one of the ways to write it.
func written(random *rand.Rand, value any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(random.IntN(2) == 0)
	encoder.SetIndent("", []string{"", " ", "\t"}[random.IntN(3)])
	if encoder.Encode(value) != nil {
		panic("no JSON")
	}
	return text.Bytes()
}

func TestEveryPathOfAnyJSON(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	for range 500 {
		tree := someTree(random, 4)
		text := written(random, tree)
		walk(tree, nil, func(path []step, there any) {
			found, ok := findJSON(text, path)
			if !ok {
				t.Fatalf("%s: nothing at %+v", text, path)
			}
			if _, isText := there.(string); isText {
				found = []byte(`"` + string(found) + `"`)
			}
			var got any
			if err := json.Unmarshal(found, &got); err != nil || !reflect.DeepEqual(got, there) {
				t.Fatalf("%s at %+v: %s %v, not %v", text, path, found, err, there)
			}
		})
	}
}

func at(value any, path []step) bool {
	for _, s := range path {
		list, isList := value.([]any)
		object, isObject := value.(map[string]any)
		member, has := object[s.key]
		switch {
		case isList && s.isIndex && s.index < len(list):
			value = list[s.index]
		case isObject && !s.isIndex && has:
			value = member
		default:
			return false
		}
	}
	return true
}

func TestAPathThatLeadsNowhere(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	for range 3000 {
		tree := someTree(random, 4)
		text := written(random, tree)
		path := make([]step, random.IntN(4))
		for i := range path {
			path[i] = step{key: someText(random)}
			if random.IntN(2) == 0 {
				path[i] = step{index: random.IntN(5), isIndex: true}
			}
		}
		if _, ok := findJSON(text, path); ok != at(tree, path) {
			t.Fatalf("%s at %+v: found is %v", text, path, ok)
		}
	}
}

func TestGarbageIsNeverReadPastItsEnd(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	for range 20_000 {
		garbage := make([]byte, random.IntN(24))
		for i := range garbage {
			garbage[i] = `{}[]"\:,a1 `[random.IntN(11)]
		}
		path := make([]step, random.IntN(4))
		for i := range path {
			path[i] = []step{{key: "a"}, {key: ""}, {key: `"`}, {isIndex: true}, {index: 2, isIndex: true}}[random.IntN(5)]
		}
		// A slice without room behind it panics where one with room reads on.
		found, ok := findJSON(slices.Clip(garbage), path)
		if ok != (found != nil) || len(found) > len(garbage) {
			t.Fatalf("%q at %+v: %q %v", garbage, path, found, ok)
		}
	}
}

func TestKeys(t *testing.T) {
	for _, one := range []struct{ json, key, want string }{
		{`{"a\"b":1}`, `a"b`, "1"},
		{`{"\u0061":1}`, "a", "1"},
		{`{"é":1}`, "é", "1"},
		{`{"😀":1}`, "😀", "1"},
		{`{"\ud83d\ude00":1}`, "😀", "1"},
		{`{"":1}`, "", "1"},
		// Written as a newline; the key of a backslash and an n is another one.
		{`{"\n":1,"\\n":2}`, `\n`, "2"},
		{`{"\n":1}`, "\n", "1"},
		// The bytes of é are the characters Ã and ©.
		{`{"é":1,"Ã©":2}`, "Ã©", "2"},
		{`{"ab":1,"a":2}`, "a", "2"},
		{`{"a":1,"ab":2}`, "ab", "2"},
		{"{\"\xff\":1}", "\ufffd", "1"},
		{"{\"\\n\xe2\x82\":1}", "\n\ufffd", "1"},
		{`{"\u00zz":1}`, "a", ""},
	} {
		found, ok := findJSON([]byte(one.json), []step{{key: one.key}})
		if string(found) != one.want || ok != (one.want != "") {
			t.Errorf("%s of %q: %q %v, not %q", one.key, one.json, found, ok, one.want)
		}
	}
}

func TestNumbersKeepTheirDigits(t *testing.T) {
	for text, steps := range map[string][]step{
		`{"t":1700000000123456789}`:               {{key: "t"}},
		`{"t": "1700000000123456789" }`:           {{key: "t"}},
		`[ [1,2] , {"t":[1700000000123456789]} ]`: {{index: 1, isIndex: true}, {key: "t"}, {isIndex: true}},
	} {
		if found, _ := findJSON([]byte(text), steps); string(found) != "1700000000123456789" {
			t.Errorf("%s: %q", text, found)
		}
	}
	if found, _ := findJSON([]byte(`[0.50]`), []step{{isIndex: true}}); string(found) != "0.50" {
		t.Errorf("%q", found)
	}
}
