import type { Failure } from '../model/ends.ts'
import type { Hop } from './request.ts'

const MOST_REDIRECTS = 20
const REDIRECTS = new Set([301, 302, 303, 307, 308])

export type ResponseHeaders = Readonly<Record<string, string>>

/** Values of a header that came several times are joined, as the Fetch standard combines them. */
export function plainHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): ResponseHeaders {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return plain
}

/** "Extract a MIME type" (Fetch): of several values the last valid one holds; parameters and case do not matter. */
export function isEventStream(contentType: string | undefined): boolean {
  let essence = ''
  for (const value of (contentType ?? '').split(',')) {
    const type = (value.split(';')[0] ?? '').trim().toLowerCase()
    if (/^[!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9a-z-]+$/.test(type) && type !== '*/*') essence = type
  }
  return essence === 'text/event-stream'
}

/** Whether the end of the body can be told from a cut: it has a length, or a last chunk. */
export function isFramed(headers: ResponseHeaders): boolean {
  const coding = headers['transfer-encoding']
  return coding === undefined ? headers['content-length'] !== undefined : /(^|,)\s*chunked\s*$/i.test(coding)
}

/** What a response head means to an event source (9.2.3, "announce the connection" or "fail the connection"). */
export function answerOf(
  status: number,
  statusText: string,
  headers: ResponseHeaders,
): 'stream' | 'redirect' | { failure: Failure; detail: string } {
  if (REDIRECTS.has(status)) return 'redirect'
  if (status === 204) return { failure: 'no-content', detail: '204' }
  if (status !== 200) return { failure: 'status', detail: `${status} ${statusText}`.trim() }
  const contentType = headers['content-type']
  return isEventStream(contentType) ? 'stream' : { failure: 'content-type', detail: contentType ?? 'none' }
}

/** "HTTP-redirect fetch" (Fetch): the next request, or why there can be none. */
export function nextHop(hop: Hop, status: number, location: string | undefined): Hop | { fault: string } {
  if (location === undefined) return { fault: `status ${status} without a location` }
  const from = new URL(hop.url)
  // Servers write UTF-8 into the header, which arrives one character a byte.
  const target = Buffer.from(location, 'latin1').toString('utf8')
  if (!URL.canParse(target, from.href)) return { fault: `status ${status} with a location that is not a URL` }
  const to = new URL(target, from)
  if (to.protocol !== 'http:' && to.protocol !== 'https:') return { fault: `status ${status} to a ${to.protocol} URL` }
  if (hop.redirects >= MOST_REDIRECTS) return { fault: `more than ${MOST_REDIRECTS} redirects` }
  const becomesGet =
    status === 303 ? hop.method !== 'GET' && hop.method !== 'HEAD' : status < 303 && hop.method === 'POST'
  return {
    url: to.href,
    method: becomesGet ? 'GET' : hop.method,
    withBody: becomesGet ? false : hop.withBody,
    trusted: hop.trusted && from.origin === to.origin,
    redirects: hop.redirects + 1,
  }
}
