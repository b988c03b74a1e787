/**
 * Why an open event stream ended, as the client saw it. `truncated` against `eof`: a chunked or sized body that stops
 * early was cut; one that has neither frame can only end by close, so a cut cannot be told from an end.
 */
export const END_REASONS = {
  clean: 'the body ended with its terminator or its full length',
  eof: 'an unframed body ended by close (a cut cannot be told from an end)',
  truncated: 'the connection was closed inside the body (FIN without the terminator)',
  reset: 'the connection was reset (RST)',
  'idle-timeout': 'nothing arrived for the idle limit, so the client gave up',
  'protocol-error': 'the body was not valid HTTP',
  'line-too-long': 'a line or an event was longer than the limit',
  'max-events': 'the wanted number of events was reached',
  until: 'the wanted event was seen',
  lifetime: 'the wanted stream duration was over',
  disconnected: 'the client profile left',
  stopped: 'the run was over',
} as const
export type EndReason = keyof typeof END_REASONS

/** Ends that the client itself chose; what the server still had in flight then is undrained, not lost. */
const OWN_ENDS: ReadonlySet<EndReason> = new Set(['max-events', 'until', 'lifetime', 'disconnected', 'stopped'])
export const isOwnEnd = (reason: EndReason): boolean => OWN_ENDS.has(reason)

/** Why a connection attempt did not become an event stream. `final` ones fail the stream for good. */
export const FAILURES = {
  refused: { final: false, what: 'connection refused' },
  'connect-timeout': { final: false, what: 'no TCP (TLS) connection within the limit' },
  'headers-timeout': { final: false, what: 'no response headers within the limit' },
  'connection-lost': { final: false, what: 'the connection broke before the response headers' },
  dns: { final: false, what: 'the host name could not be resolved' },
  'local-limit': { final: false, what: 'this machine has no descriptor, port or memory left for one more connection' },
  tls: { final: true, what: 'the TLS handshake failed' },
  'no-content': { final: true, what: 'status 204: the server asks not to reconnect' },
  status: { final: true, what: 'a status other than 200' },
  'content-type': { final: true, what: 'a content type other than text/event-stream' },
  redirect: { final: true, what: 'too many redirects, or one without a usable location' },
  'protocol-error': { final: false, what: 'the answer was not valid HTTP' },
} as const satisfies Record<string, { final: boolean; what: string }>
export type Failure = keyof typeof FAILURES
