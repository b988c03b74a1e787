package stream

// Why an open event stream ended, as the client saw it; the names are those of the run record. Truncated against eof: a
// chunked or sized body that stops early was cut; one without either frame can only end by close, so a cut cannot be told
// from an end.
const (
	EndClean         = "clean"
	EndEOF           = "eof"
	EndTruncated     = "truncated"
	EndReset         = "reset"
	EndIdleTimeout   = "idle-timeout"
	EndProtocolError = "protocol-error"
	EndLineTooLong   = "line-too-long"
	EndMaxEvents     = "max-events"
	EndUntil         = "until"
	EndLifetime      = "lifetime"
	EndDisconnected  = "disconnected"
	EndStopped       = "stopped"
)

// Why a connection attempt did not become an event stream. FailProtocolError has the name of EndProtocolError: whether
// the stream was open tells them apart.
const (
	FailRefused        = "refused"
	FailConnectTimeout = "connect-timeout"
	FailHeadersTimeout = "headers-timeout"
	FailConnectionLost = "connection-lost"
	FailDNS            = "dns"
	FailLocalLimit     = "local-limit"
	FailTLS            = "tls"
	FailNoContent      = "no-content"
	FailStatus         = "status"
	FailContentType    = "content-type"
	FailRedirect       = "redirect"
	FailProtocolError  = "protocol-error"
)

// EndReasons says of each end of an open stream what happened.
var EndReasons = map[string]string{
	EndClean:         "the body ended with its terminator or its full length",
	EndEOF:           "an unframed body ended by close (a cut cannot be told from an end)",
	EndTruncated:     "the connection was closed inside the body (FIN without the terminator)",
	EndReset:         "the connection was reset (RST)",
	EndIdleTimeout:   "nothing arrived for the idle limit, so the client gave up",
	EndProtocolError: "the body was not valid HTTP",
	EndLineTooLong:   "a line or an event was longer than the limit",
	EndMaxEvents:     "the wanted number of events was reached",
	EndUntil:         "the wanted event was seen",
	EndLifetime:      "the wanted stream duration was over",
	EndDisconnected:  "the client profile left",
	EndStopped:       "the run was over",
}

// Failure is what is known of a way to fail.
type Failure struct {
	// Final ones fail the stream for good.
	Final bool
	What  string
}

// Failures says of each failed attempt what happened and whether another one makes sense.
var Failures = map[string]Failure{
	FailRefused:        {false, "connection refused"},
	FailConnectTimeout: {false, "no TCP (TLS) connection within the limit"},
	FailHeadersTimeout: {false, "no response headers within the limit"},
	FailConnectionLost: {false, "the connection broke before the response headers"},
	FailDNS:            {false, "the host name could not be resolved"},
	FailLocalLimit:     {false, "this machine has no descriptor, port or memory left for one more connection"},
	FailTLS:            {true, "the TLS handshake failed"},
	FailNoContent:      {true, "status 204: the server asks not to reconnect"},
	FailStatus:         {true, "a status other than 200"},
	FailContentType:    {true, "a content type other than text/event-stream"},
	FailRedirect:       {true, "too many redirects, or one without a usable location"},
	FailProtocolError:  {false, "the answer was not valid HTTP"},
}

// IsOwnEnd tells the ends that the client itself chose; what the server still had in flight then is undrained, not lost.
func IsOwnEnd(reason string) bool {
	switch reason {
	case EndMaxEvents, EndUntil, EndLifetime, EndDisconnected, EndStopped:
		return true
	}
	return false
}

// IsFinal tells the failures after which another attempt makes no sense.
func IsFinal(failure string) bool {
	return Failures[failure].Final
}
