package client

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sse-harness/extension/stream"
)

// tlsServer serves one HTTP answer over TLS and then closes the TCP connection; with `farewell` TLS is ended before.
func tlsServer(t *testing.T, text string, farewell bool) string {
	t.Helper()
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	t.Cleanup(certified.Close)
	config := certified.TLS.Clone()
	config.NextProtos = []string{"http/1.1"}
	return overTLS(accept(t, func(_ int, connection *net.TCPConn) {
		secured := tls.Server(connection, config)
		if secured.Handshake() != nil {
			return
		}
		_, _ = secured.Read(make([]byte, 4096))
		_, _ = secured.Write([]byte(text))
		if farewell {
			_ = secured.CloseWrite()
		}
		_ = connection.CloseWrite()
		_, _ = io.Copy(io.Discard, connection)
	}))
}

func overTLS(url string) string {
	return strings.Replace(url, "http://", "https://", 1)
}

// greeted answers before anything is asked, as the other side of a handshake.
func greeted(t *testing.T, do answer) string {
	t.Helper()
	return overTLS(accept(t, func(_ int, connection *net.TCPConn) {
		_, _ = connection.Read(make([]byte, 4096))
		do(connection)
	}))
}

func TestTLS(t *testing.T) {
	unframed := streamHead + "Connection: close\r\n\r\ndata: a\n\n"
	for name, c := range map[string]struct {
		url    string
		change func(*Settings)
		reason string
	}{
		"a certificate that nobody knows":         {tlsServer(t, unframed, true), nil, stream.FailTLS},
		"no TLS":                                  {greeted(t, send("HTTP/1.1 400 Bad\r\n\r\n")), nil, stream.FailTLS},
		"closed in the handshake":                 {greeted(t, send("")), nil, stream.FailConnectionLost},
		"no answer to the handshake":              {greeted(t, hold("")), func(s *Settings) { s.ConnectTimeout = 50 * time.Millisecond }, stream.FailConnectTimeout},
		"an unframed body, and TLS ended":         {tlsServer(t, unframed, true), insecure, stream.EndEOF},
		"an unframed body, TLS not ended":         {tlsServer(t, unframed, false), insecure, stream.EndEOF},
		"a chunked body, cut, TLS ended":          {tlsServer(t, one, true), insecure, stream.EndTruncated},
		"a chunked body, cut, TLS not ended":      {tlsServer(t, one, false), insecure, stream.EndTruncated},
		"a chunked body, complete, TLS not ended": {tlsServer(t, one+"0\r\n\r\n", false), insecure, stream.EndClean},
	} {
		t.Run(name, func(t *testing.T) {
			given := settings(c.url)
			if c.change != nil {
				c.change(&given)
			}
			if _, result, _ := run(t, given, nil); result.Reason != c.reason {
				t.Errorf("got %+v", result)
			}
		})
	}
}

func insecure(s *Settings) {
	s.Transport.Round = func() *http.Transport {
		return &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	}
}
