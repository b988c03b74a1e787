import type { SecureContext } from 'node:tls'
import { createSecureContext } from 'node:tls'

/** What every attempt of every stream sends; made once. */
export interface RequestTemplate {
  readonly method: string
  /** Names in lower case, values as byte strings (one character a byte). */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer | null
  /** Names of headers that no other origin may see. */
  readonly secrets: ReadonlySet<string>
  readonly tls: SecureContext | null
  readonly insecure: boolean
}

export interface RequestOptions {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  /** Names of further headers with secrets. */
  readonly secretHeaders?: readonly string[]
  /** Certificate authorities to trust instead of the system's, as PEM text. */
  readonly ca?: string | null
  readonly insecure?: boolean
}

/** `host` is not a secret, but the name of one server means nothing to another. */
const NEVER_FOR_OTHERS = ['authorization', 'cookie', 'proxy-authorization', 'host']
const DEFAULTS = { accept: 'text/event-stream', 'cache-control': 'no-store', 'user-agent': 'sse-harness' }
/** What the transport decides, or refuses to send. */
const NOT_OURS = [
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'last-event-id',
  'transfer-encoding',
  'upgrade',
]
const CONTROL = /[^\t\x20-\x7e\x80-\xff]/

/** Every reason why these headers cannot be sent, as sentences; none when they can. */
export function headerFaults(headers: Readonly<Record<string, string>>): string[] {
  const faults: string[] = []
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) faults.push(`header "${name}": that is not a header name`)
    else if (lower === 'last-event-id')
      faults.push('header "Last-Event-ID" changes with every event; give its first value with --last-event-id')
    else if (NOT_OURS.includes(lower))
      faults.push(`header "${name}" belongs to the connection and is set by the client; leave it out`)
    if (CONTROL.test(byteString(value)))
      faults.push(`header "${name}" has a control character in its value, which no server accepts; remove it`)
  }
  return faults
}

export function requestTemplate(options: RequestOptions): RequestTemplate {
  const given = Object.entries(options.headers).map(([name, value]) => [name.toLowerCase(), byteString(value)] as const)
  const names = new Set(given.map(([name]) => name))
  const defaults = Object.entries(DEFAULTS).filter(([name]) => !names.has(name))
  const insecure = options.insecure ?? false
  return {
    method: options.method,
    headers: [...defaults, ...given],
    body: options.body === null ? null : Buffer.from(options.body),
    secrets: new Set([...NEVER_FOR_OTHERS, ...(options.secretHeaders ?? []).map((name) => name.toLowerCase())]),
    tls: options.ca == null ? null : createSecureContext({ ca: options.ca }),
    insecure,
  }
}

/** Where one request of an attempt goes; a redirect gives another one. */
export interface Hop {
  readonly url: string
  readonly method: string
  readonly withBody: boolean
  /** Every URL so far had the same origin, so secrets may be sent. */
  readonly trusted: boolean
  readonly redirects: number
}

/** All headers of a request, flat. `lastEventId` is text and '' for none. */
export function headersFor(template: RequestTemplate, hop: Hop, url: URL, lastEventId: string): string[] {
  const headers: string[] = []
  let authorized = false
  for (const [name, value] of template.headers) {
    if (!hop.trusted && template.secrets.has(name)) continue
    if (!hop.withBody && template.body !== null && name.startsWith('content-')) continue
    if (name === 'authorization') authorized = true
    headers.push(name, value)
  }
  if (hop.trusted && !authorized && (url.username !== '' || url.password !== '')) {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    headers.push('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`)
  }
  if (lastEventId !== '') headers.push('last-event-id', byteString(lastEventId))
  return headers
}

/**
 * [NON-SPEC] An id with control characters cannot be sent: HTTP forbids them in a header, and servers answer 400. The
 * attempt is made without it, which `resumedFrom` shows.
 */
export function sendableId(id: string): string {
  return CONTROL.test(byteString(id)) ? '' : id
}

/** "Last event ID string, encoded as UTF-8": the transport writes one byte a character, so each byte becomes one. */
function byteString(text: string): string {
  return Buffer.from(text).toString('latin1')
}
