package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"sse-harness/extension/stream"
)

// Why a stream's context was cancelled.
var (
	errLifetime = errors.New("the wanted stream duration was over")
	errIdle     = errors.New("nothing arrived for the idle limit")
	errDropped  = errors.New("the client left")
	errConnect  = errors.New("no connection within the limit")
)

// StreamError is what a script's error handler is given.
type StreamError struct {
	// Reason is an end reason or a failure.
	Reason string
	Detail string
}

// Error is its text.
func (e *StreamError) Error() string {
	if e.Detail == "" {
		return e.Reason
	}
	return e.Reason + ": " + e.Detail
}

// endReason tells why reading an open stream's body ended.
func endReason(err error, framed bool) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return stream.EndTruncated
	case errors.Is(err, io.EOF) && framed:
		return stream.EndClean
	case errors.Is(err, io.EOF):
		return stream.EndEOF
	case isReset(err):
		return stream.EndReset
	default:
		return stream.EndProtocolError
	}
}

func isReset(err error) bool {
	var timeout net.Error
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED) ||
		(errors.As(err, &timeout) && timeout.Timeout())
}

// failureOf tells why an attempt did not get an answer.
func failureOf(err error) string {
	var dns *net.DNSError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.Is(err, errConnect):
		return stream.FailConnectTimeout
	case errors.Is(err, errRedirects):
		return stream.FailRedirect
	case errors.As(err, &dns):
		return stream.FailDNS
	case errors.Is(err, syscall.ECONNREFUSED):
		return stream.FailRefused
	case isLocalLimit(err):
		return stream.FailLocalLimit
	case errors.As(err, &alert), errors.As(err, &record), errors.As(err, &unknown), errors.As(err, &host),
		errors.As(err, &invalid), errors.As(err, &verification):
		return stream.FailTLS
	default:
		return failureByText(err)
	}
}

// net/http has no error values for these.
func failureByText(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "TLS handshake timeout"), errors.Is(err, syscall.ETIMEDOUT):
		return stream.FailConnectTimeout
	case strings.Contains(text, "timeout awaiting response headers"):
		return stream.FailHeadersTimeout
	case strings.Contains(text, "malformed HTTP"), strings.Contains(text, "malformed MIME"):
		return stream.FailProtocolError
	default:
		return stream.FailConnectionLost
	}
}

func isLocalLimit(err error) bool {
	for _, limit := range []error{
		syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS, syscall.ENOMEM,
	} {
		if errors.Is(err, limit) {
			return true
		}
	}
	return false
}

var errRedirects = errors.New("too many redirects, or one without a usable location")

// As browsers: twenty redirects.
const mostRedirects = 20

func checkRedirect(_ *http.Request, via []*http.Request) error {
	if len(via) > mostRedirects {
		return errRedirects
	}
	return nil
}
