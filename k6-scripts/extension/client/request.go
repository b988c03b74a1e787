package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Parts of the names of headers that no other origin may see. Host is no secret, but the name of one server means nothing
// to another.
var notForOthers = []string{
	"auth", "cookie", "credential", "key", "passw", "secret", "session", "signature", "token",
}

func isForOthers(name string) bool {
	lower := strings.ToLower(name)
	return lower != "host" && !slices.ContainsFunc(notForOthers, func(part string) bool {
		return strings.Contains(lower, part)
	})
}

// fault tells why the settings make no request; what a script asks for once would fail with every attempt.
func (s *Settings) fault() error {
	if !isToken(s.Method) {
		return fmt.Errorf("%q is no method", s.Method)
	}
	for name, values := range s.Header {
		if !isToken(name) {
			return fmt.Errorf("%q is no name of a header", name)
		}
		// The value may be a secret.
		if slices.ContainsFunc(values, hasControl) {
			return fmt.Errorf("header %q has a control character in its value", name)
		}
	}
	return nil
}

// isToken: of RFC 9110, 5.6.2.
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		isAlphanumeric := (r >= '0' && r <= '9') || (r >= 'A' && r <= 'Z') || (r >= 'a' && r <= 'z')
		return !isAlphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

func hasControl(text string) bool {
	for i := range len(text) {
		if (text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f {
			return true
		}
	}
	return false
}

// sendable is the id as the header can carry it: UTF-8 bytes as they came; with a control character it cannot be sent.
func sendable(id string) string {
	if hasControl(id) {
		return ""
	}
	return id
}

// request is one of the attempt's; ctx carries its trace.
func (s *Stream) request(ctx context.Context, at hop) (*http.Request, error) {
	address := *at.url
	if !at.trusted {
		address.User = nil
	}
	var body io.Reader
	if at.withBody {
		body = strings.NewReader(s.settings.Body)
	}
	request, err := http.NewRequestWithContext(ctx, at.method, address.String(), body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Cache-Control", "no-store")
	for name, values := range s.settings.Header {
		isOfBody := strings.HasPrefix(strings.ToLower(name), "content-")
		if (at.trusted || isForOthers(name)) && (at.withBody || s.settings.Body == "" || !isOfBody) {
			request.Header[name] = slices.Clone(values)
		}
	}
	// net/http takes it from there alone.
	if host := request.Header.Get("Host"); host != "" {
		request.Host = host
	}
	if user := address.User; user != nil && request.Header.Get("Authorization") == "" {
		password, _ := user.Password()
		request.SetBasicAuth(user.Username(), password)
	}
	if s.resumed != "" {
		request.Header["Last-Event-ID"] = []string{s.resumed}
	}
	return request, nil
}

// exchange has cookies go with the request and come with the response.
func (s *Stream) exchange(request *http.Request) (*http.Response, error) {
	jar := s.settings.Transport.Cookies
	if jar != nil {
		for _, cookie := range jar.Cookies(request.URL) {
			request.AddCookie(cookie)
		}
	}
	response, err := s.round.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if cookies := response.Cookies(); jar != nil && len(cookies) > 0 {
		jar.SetCookies(request.URL, cookies)
	}
	return response, nil
}

// withoutUser is the address as it may be told.
func withoutUser(address *url.URL) *url.URL {
	plain := *address
	plain.User = nil
	return &plain
}
