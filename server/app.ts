import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import { controlRefusal } from './access.ts'
import { answer, refuse } from './answer.ts'
import { Channels } from './channels.ts'
import type { Clock } from './clock.ts'
import { Connections } from './connections.ts'
import { ControlPanel } from './control-panel.ts'
import { control } from './control-route.ts'
import { encodeMessage, frame } from './encode.ts'
import { openEvents, type EventsContext } from './events-route.ts'
import type { Leak } from './leaks/leak.ts'
import { plantLeak } from './leaks/registry.ts'
import type { ServerOptions } from './options.ts'
import { shutDown } from './patterns/graceful-shutdown.ts'
import { Schedule } from './schedule.ts'
import { readStats, type StatsSources } from './stats.ts'
import { Streams } from './streams.ts'
import { newTotals } from './totals.ts'

export interface App {
  readonly server: Server
  readonly instance: string
  /** Ends every stream and the server; true when all of it went out by the deadline. */
  shutDown(deadlineMs: number): Promise<boolean>
  /** Everything that was counted, stream by stream, once the last stream is over. */
  lastBooks(): Promise<object>
}

type Handler = (req: IncomingMessage, res: ServerResponse, query: URLSearchParams) => void

/** Bytes that Node itself holds for a socket before it says wait; set because versions of Node differ (16 or 64 KiB). */
const SOCKET_BUFFER_BYTES = 16 * 1024
const GOODBYE = frame(encodeMessage({ event: 'goodbye', data: JSON.stringify({ reason: 'shutdown' }) }))
/** How long the last books wait for streams to go, where some may be held for good by a leak that was asked for. */
const LEAKED_WAIT_MS = 500
const ALLOWED: Record<string, string> = { '/events': 'GET', '/stats': 'GET', '/health': 'GET', '/control': 'POST' }

function makeParts(options: ServerOptions, clock: Clock, leak: Leak | null) {
  const totals = newTotals()
  const schedule = new Schedule()
  const channels = new Channels({
    clock,
    schedule,
    totals,
    replayEvents: options.replay,
    replayBytes: options['replay-bytes'],
    lingerMs: options.linger,
  })
  const streams = new Streams({
    clock,
    totals,
    queue: leak?.queue ?? { items: options['queue-events'], bytes: options['queue-bytes'] },
    policy: options['slow-policy'],
    heartbeatMs: options.heartbeat,
    sendTimeoutMs: options['send-timeout'],
    endedKept: options['ended-kept'],
    onEnded: (stream) => {
      channels.leave(stream)
      leak?.closed?.(stream)
    },
  })
  const panel = new ControlPanel({ clock, schedule, channels, streams })
  return { clock, totals, channels, streams, panel }
}

/** Routes without their methods, which ALLOWED tells. */
function makeHandlers(events: EventsContext, stats: StatsSources, refusal: (req: IncomingMessage) => string | null) {
  return {
    '/events': (req, res, query) => openEvents(req, res, query, events),
    '/stats': (_req, res, query) => {
      void readStats(query, stats).then((result) => {
        if ('body' in result) answer(res, 200, result.body)
        else refuse(res, 400, 'The query of /stats is not valid; put right what is listed.', result.faults)
      })
    },
    '/health': (_req, res) => answer(res, 200, { status: 'ok', now: stats.clock.nowUs(), instance: stats.instance }),
    '/control': (req, res) => void control(req, res, refusal(req), events.panel),
  } satisfies Record<string, Handler> as Record<string, Handler>
}

function route(req: IncomingMessage, res: ServerResponse, handlers: Record<string, Handler>): void {
  const target = req.url ?? '/'
  const queryAt = target.indexOf('?')
  const path = queryAt === -1 ? target : target.slice(0, queryAt)
  const allowed = Object.hasOwn(ALLOWED, path) ? ALLOWED[path] : undefined
  if (allowed === undefined) {
    refuse(res, 404, `There is no such path here; there are ${Object.keys(ALLOWED).join(', ')}.`)
  } else if (req.method !== allowed) {
    const error = `${path} does not take ${req.method}; use ${allowed}.`
    refuse(res, 405, error, undefined, { allow: allowed })
  } else handlers[path]?.(req, res, new URLSearchParams(queryAt === -1 ? '' : target.slice(queryAt + 1)))
}

export function createApp(options: ServerOptions, clock: Clock): App {
  const server = createServer({ noDelay: true, highWaterMark: SOCKET_BUFFER_BYTES })
  const leak = plantLeak(options.leak, server)
  const parts = makeParts(options, clock, leak)
  const { streams, channels, panel } = parts
  const instance = randomBytes(8).toString('hex')
  let isShuttingDown = false
  const connections = new Connections(server)
  const defaults = { rate: options.rate, sizeBytes: options.size, retryMs: options.retry }
  const maxStreams = options['max-streams']
  const stats = { ...parts, instance, connections, startedAtUs: clock.nowUs(), faults: () => panel.state() }
  const handlers = makeHandlers(
    { ...parts, instance, defaults, maxStreams, leak, isShuttingDown: () => isShuttingDown },
    stats,
    (req) => controlRefusal(req, options.token, options.host, (server.address() as AddressInfo).port),
  )
  server.on('request', (req, res) => {
    connections.mark(req.socket, !req.url?.startsWith('/events'))
    route(req, res, handlers)
  })
  const steps = {
    stopAccepting: () => {
      isShuttingDown = true
      server.close()
    },
    announce: () => {
      channels.stop()
      streams.finishAll('shutdown', GOODBYE)
    },
    drained: () => streams.empty(),
    destroy: () => streams.cutAll('shutdown', 'fin'),
  }
  const lastBooks = async (): Promise<object> => {
    await (leak === null ? streams.empty() : Promise.race([streams.empty(), sleep(LEAKED_WAIT_MS)]))
    const result = await readStats(new URLSearchParams('streams=1'), stats)
    return 'body' in result ? result.body : {}
  }
  return { server, instance, shutDown: (deadlineMs) => shutDown(steps, deadlineMs), lastBooks }
}
