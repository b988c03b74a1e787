package stream

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// What Buffer.toString('utf8') of Node gives.
var decoded = []struct{ bytes, text string }{
	{"", ""},
	{"\x00", "\x00"},
	{"\xff", "\ufffd"},
	{"a\xffb", "a\ufffdb"},
	{"\xe2\x82", "\ufffd"},
	{"\xe2\x82a", "\ufffda"},
	{"a\xe2\x82a\xe2\x82\xac", "a\ufffda\u20ac"},
	{"\xe2\x82\xe2\x82\xac", "\ufffd\u20ac"},
	{"\xc0\x80", "\ufffd\ufffd"},
	{"\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
	{"\xed\xbf\xbf", "\ufffd\ufffd\ufffd"},
	{"\xf0\x80\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
	{"\xf0\x9f\x98", "\ufffd"},
	{"\xf0\x9f\x98a", "\ufffda"},
	{"\xf0\x9f", "\ufffd"},
	{"\xf0", "\ufffd"},
	{"\xf0\x90\x80A", "\ufffdA"},
	{"\xf1\x80\x80A", "\ufffdA"},
	{"\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
	{"\xf4\x8f\xbf\xbf", "\U0010ffff"},
	{"\xf5\x80\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
	{"\xe0\x80\x9f", "\ufffd\ufffd\ufffd"},
	{"\xe0\xa0", "\ufffd"},
	{"\xc3", "\ufffd"},
	{"\xc3(", "\ufffd("},
	{"\x80\x80\x80", "\ufffd\ufffd\ufffd"},
	{"\xfe\xfe", "\ufffd\ufffd"},
	{"\xef\xbb\xbfa", "\ufeffa"},
	{"\xef\xbf\xbd", "\ufffd"},
}

func TestText(t *testing.T) {
	for _, one := range decoded {
		if got := Text([]byte(one.bytes)); got != one.text {
			t.Errorf("%q: %+q, not %+q", one.bytes, got, one.text)
		}
	}
}

// TestTextOfAllNeighbours holds all sequences of four of the bytes at which the rules change against Node: the SHA-256 of
// what its Buffer.toString makes of them, in this order, each with a line feed behind it.
func TestTextOfAllNeighbours(t *testing.T) {
	borders := []byte("\x00\x41\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff")
	all := sha256.New()
	for _, a := range borders {
		for _, b := range borders {
			for _, c := range borders {
				for _, d := range borders {
					all.Write([]byte(Text([]byte{a, b, c, d}) + "\n"))
				}
			}
		}
	}
	const want = "11becfc86aada0faaf73a1f64eabe87afe256e18789ef0e00a52c3dbc032099a"
	if got := hex.EncodeToString(all.Sum(nil)); got != want {
		t.Errorf("%s, not %s", got, want)
	}
}
