package stamp

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// step is a key of an object, or an index of an array when isIndex.
type step struct {
	key     string
	index   int
	isIndex bool
}

var oneStep = regexp.MustCompile(`^(?:\.([A-Za-z_$][\w$-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\])`)

// parsePath takes $.name, $.a.b, $.list[0] and $["any name"], with the escapes of JSON in the quotes.
func parsePath(text string) ([]step, bool) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok || rest == "" {
		return nil, false
	}
	path := []step{}
	for rest != "" {
		part := oneStep.FindStringSubmatch(rest)
		if part == nil {
			return nil, false
		}
		rest = rest[len(part[0]):]
		switch {
		case part[1] != "":
			path = append(path, step{key: part[1]})
		case part[2] != "":
			index, err := strconv.Atoi(part[2])
			if err != nil {
				index = math.MaxInt // no array is as long
			}
			path = append(path, step{index: index, isIndex: true})
		default:
			var key string
			if json.Unmarshal([]byte(part[3]), &key) != nil {
				return nil, false
			}
			path = append(path, step{key: key})
		}
	}
	return path, true
}
