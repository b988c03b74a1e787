/** What `open-stream.ts` asks for, done in JavaScript where the module is xk6-sse. */
import { sleep } from 'k6'
import { Counter, Trend } from 'k6/metrics'
import type { Client, Event, Params } from 'k6/x/sse'
import sse from 'k6/x/sse'

import type { Outcome, StreamParams } from './open-stream.ts'
import { durationText, sleepUntil } from './time.ts'

const MS_PER_SECOND = 1000

/** `Date.now()` has whole milliseconds only, and a time of 0 would look like none at all. */
const LEAST_MS = 0.5
const since = (at: number): number => Math.max(LEAST_MS, Date.now() - at)

/** The limit of a request may be up a little before this clock says so. */
const TOLERANCE_MS = 20

/** As our module names them, so that thresholds are the same on both; they have to be made in k6's init code. */
const metrics =
  sse.harness === undefined
    ? {
        opened: new Counter('sse_connections_opened'),
        failed: new Counter('sse_connections_failed'),
        headers: new Trend('sse_headers_duration', true),
        firstEvent: new Trend('sse_first_event_duration', true),
        worstGap: new Trend('sse_worst_gap', true),
      }
    : null

/** One stream. Times are milliseconds since the epoch. */
class Watched {
  events = 0
  end = ''
  error = ''
  readonly dueAt: number
  readonly until: number
  private readonly params: StreamParams
  private readonly onEvent: ((event: Event) => void) | undefined
  private lastAt: number | null = null
  private worstGap = 0

  constructor(params: StreamParams, onEvent: ((event: Event) => void) | undefined) {
    this.params = params
    this.onEvent = onEvent
    this.dueAt = params.dueAt ?? Date.now()
    this.until = this.dueAt + params.timeoutMs
  }

  attach(client: Client): void {
    client.on('open', () => metrics?.headers.add(since(this.dueAt), this.params.tags))
    client.on('event', (event) => this.event(client, event))
    client.on('error', (error) => {
      const text = error.error()
      // A line that it does not know, after which it reads on.
      if (text.startsWith('unknown event')) return
      // The limit of the request comes as an error of reading. After any such error nothing is read any more, and
      // without close() sse.open() would not return either.
      if (Date.now() >= this.until - TOLERANCE_MS) this.close(client, 'lifetime')
      else {
        this.error = text
        this.close(client, 'reset')
      }
    })
  }

  private event(client: Client, event: Event): void {
    // xk6-sse takes every blank line for an event, also after a comment or a reconnection time.
    if (event.data === '') return
    const now = Date.now()
    this.events += 1
    if (this.lastAt === null) metrics?.firstEvent.add(since(this.dueAt), this.params.tags)
    else this.worstGap = Math.max(this.worstGap, now - this.lastAt)
    this.lastAt = now
    this.onEvent?.(event)
    if (this.events === this.params.maxEvents) this.close(client, 'max-events')
    else if (now >= this.until) this.close(client, 'lifetime')
    else this.readSlowly(event)
  }

  /** A handler that sleeps reads nothing meanwhile, and the connection fills up. */
  private readSlowly(event: Event): void {
    const { bytesPerSecond } = this.params
    if (bytesPerSecond === undefined) return
    const left = (this.until - Date.now()) / MS_PER_SECOND
    sleep(Math.max(0, Math.min(left, event.data.length / bytesPerSecond)))
  }

  private close(client: Client, end: string): void {
    this.end = end
    client.close()
  }

  /** Once it is over. */
  tell(isOpen: boolean): void {
    const { tags } = this.params
    metrics?.opened.add(isOpen ? 1 : 0, tags)
    metrics?.failed.add(isOpen ? 0 : 1, tags)
    // Silence up to the end is a gap as well.
    if (this.lastAt !== null) metrics?.worstGap.add(Math.max(this.worstGap, since(this.lastAt)), tags)
  }
}

export function openOnXk6Sse(
  url: string,
  { timeoutMs, ...params }: StreamParams,
  onEvent?: (event: Event) => void,
): Outcome {
  // Ours waits by itself.
  sleepUntil(params.dueAt ?? 0)
  const watched = new Watched({ timeoutMs, ...params }, onEvent)
  const resumed = params.lastEventId === undefined ? {} : { 'Last-Event-ID': params.lastEventId }
  const response = sse.open(
    url,
    { ...params, headers: { ...params.headers, ...resumed }, timeout: durationText(watched.until - Date.now()) },
    (client) => watched.attach(client),
  )
  const { status, headers } = response
  watched.tell(status === 200)
  if (status !== 200) return { status, headers, error: response.error || `status ${status}`, end: 'failed', events: 0 }
  if (watched.end !== '') return { status, headers, error: watched.error, end: watched.end, events: watched.events }
  // It ended by itself. Where our module would have come back, this one cannot: the stream was over before its time.
  const error = comesBack(params) ? 'the server ended the stream, and xk6-sse does not reconnect' : ''
  return { status, headers, error, end: 'clean', events: watched.events }
}

/** After a clean end an EventSource comes back, and it only knows GET. */
function comesBack({ reconnect = 'never', method = 'GET' }: Params): boolean {
  return reconnect === 'always' || ((reconnect === true || reconnect === 'auto') && method.toUpperCase() === 'GET')
}
