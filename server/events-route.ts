import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { refuse } from './answer.ts'
import type { Channels } from './channels.ts'
import type { Clock } from './clock.ts'
import type { ControlPanel } from './control-panel.ts'
import { encodeMessage, frame } from './encode.ts'
import type { Leak } from './leaks/leak.ts'
import { responseOutlet } from './outlet.ts'
import { parseEvents, parseLastEventId, type EventsDefaults, type EventsRequest } from './query.ts'
import type { Streams } from './streams.ts'
import type { Totals } from './totals.ts'

export interface EventsContext {
  readonly instance: string
  readonly clock: Clock
  readonly totals: Totals
  readonly streams: Streams
  readonly channels: Channels
  readonly panel: ControlPanel
  readonly defaults: EventsDefaults
  readonly maxStreams: number
  readonly leak: Leak | null
  readonly isShuttingDown: () => boolean
}

/** Each channel has a timer and a replay buffer; a client that makes up names must not be able to fill the memory. */
const MAX_CHANNELS = 4096
const RETRY_AFTER_SECONDS = 1

export function openEvents(
  req: IncomingMessage,
  res: ServerResponse,
  query: URLSearchParams,
  context: EventsContext,
): void {
  // A body has no meaning here, but unread it would stop the reading of the connection, and with it the news of its end.
  req.resume()
  const request = parseEvents(query, context.defaults)
  if ('faults' in request) {
    refuse(res, 400, 'The query of /events is not valid; put right what is listed.', request.faults)
    return
  }
  if (isRefused(res, request, context)) return
  // Behind another request on the same connection the response has no socket until that one is answered.
  if (res.socket !== null) open(req, res, res.socket, request, context)
  else res.once('socket', (socket: Socket) => open(req, res, socket, request, context))
}

function isRefused(res: ServerResponse, request: EventsRequest, context: EventsContext): boolean {
  const { totals, streams, channels, panel } = context
  const reject = (status: number, error: string, retryAfter: number | null): true => {
    totals.rejected++
    refuse(res, status, error, undefined, retryAfter === null ? {} : { 'retry-after': retryAfter })
    return true
  }
  const { fail } = panel
  if (context.isShuttingDown()) return reject(503, 'The server is shutting down; connect to another one.', null)
  if (fail !== null) return reject(fail.status, 'A fault set by /control refuses new streams.', fail.retryAfter)
  if (streams.size >= context.maxStreams) {
    const error = `All ${context.maxStreams} streams are taken (--max-streams); try again later.`
    return reject(503, error, RETRY_AFTER_SECONDS)
  }
  if (request.channel.rate > 0 && channels.size >= MAX_CHANNELS && !channels.has(request.channel.key)) {
    return reject(503, `There are ${MAX_CHANNELS} channels already; use one of them.`, RETRY_AFTER_SECONDS)
  }
  return false
}

function resumeFrom(req: IncomingMessage, request: EventsRequest, totals: Totals): number | null {
  // The header is the newer word: a polyfill that cannot set it keeps the parameter of its first request.
  const text = req.headers['last-event-id'] ?? request.lastEventId
  if (text === undefined || text === '') return null
  const id = typeof text === 'string' ? parseLastEventId(text) : null
  if (id === null) totals.badLastEventId++
  return id
}

function open(
  req: IncomingMessage,
  res: ServerResponse,
  socket: Socket,
  request: EventsRequest,
  context: EventsContext,
): void {
  if (socket.destroyed) return
  const { totals, streams, channels, clock } = context
  const lastEventId = resumeFrom(req, request, totals)
  const seat = channels.seat(request.channel, lastEventId)
  if (!seat.isKnown) totals.badLastEventId++
  const stream = streams.create(request.channel.key, lastEventId, request.count)
  socket.setNoDelay(true)
  res.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    'x-sse-harness': '1',
    'x-sse-harness-instance': context.instance,
    'x-sse-harness-stream': stream.spec.id,
    'x-sse-harness-channel': request.channel.key,
    'x-sse-harness-next': seat.next,
  })
  res.flushHeaders()
  stream.attach(responseOutlet(res, socket, stream))
  context.leak?.opened({ stream, req, res, socket })
  stream.tell(frame(encodeMessage({ retry: request.retryMs })), clock.nowUs())
  seat.take(stream)
}
