import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Route } from './raw-server.ts'
import { chunk, CHUNKED_HEAD, LAST_CHUNK, RawServer } from './raw-server.ts'
import { lifeOf, streamTo, eventually } from './recording.ts'

/** Answers the nth request of its path with the nth of these. */
const inTurn =
  (...turns: Route[]): Route =>
  (socket, request) =>
    turns[request.number - 1]?.(socket, request)
const body =
  (text: string): Route =>
  (socket) =>
    socket.write(CHUNKED_HEAD + chunk(text) + LAST_CHUNK)
const cut =
  (text: string): Route =>
  (socket) =>
    socket.end(CHUNKED_HEAD + chunk(text))
const stop: Route = (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n')
const busy: Route = (socket) => socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n')

const ids = ['7', 'h\u00e4', '\u2026\u{1F600}', '007', ' lead', 'a\tb', '\uFFFD']
const routes: Record<string, Route> = {
  '/ids': inTurn(
    body('id: 5\ndata: a\n\n'),
    body('data: b\n\n'),
    cut('id: 6\n\nid: 7\ndata: lost\n'),
    body('id\n\n'),
    stop,
  ),
  '/retry': inTurn(body('retry: 3\n\ndata: a\n\n'), busy),
  '/lost': inTurn(
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.end(),
    body('data: a\n\n'),
    stop,
  ),
  '/lost-once': inTurn((socket) => socket.end(), stop),
  '/busy': inTurn(busy, busy, body('data: a\n\n'), stop),
  '/same-id': inTurn(body('data: a\n\n'), body('data: b\n\n'), stop),
  '/control-id': inTurn(body('id: a\u0001b\ndata: a\n\n'), stop),
  '/post': body('data: a\n\n'),
  '/open': (socket) => socket.write(CHUNKED_HEAD + chunk('id: 3\ndata: a\n\n')),
}
for (const [index, id] of ids.entries()) routes[`/id-${index}`] = inTurn(body(`id: ${id}\ndata: a\n\n`), stop)

let server: RawServer
beforeAll(async () => {
  server = await new RawServer(routes).listen()
})
afterAll(() => server.close())

const sent = (path: string) =>
  server.requests.filter((request) => request.path === path).map((request) => request.headers['last-event-id'] ?? null)

describe('what a reconnect sends', () => {
  it('is the last event id, until the server takes it back; a cut block counts for nothing', async () => {
    const seen = await lifeOf(server.url('/ids'), { reconnect: 'auto' })
    expect(sent('/ids')).toEqual([null, '5', '5', '6', null])
    expect(seen.calls).toEqual([
      ...['attempt', 'connected', 'opened', 'event message a #5', 'ended clean', 'waiting 1000'],
      ...['attempt', 'connected', 'opened from 5', 'event message b #5', 'ended clean', 'waiting 1000'],
      ...['attempt', 'connected', 'opened from 5', 'ended truncated', 'waiting 1000'],
      ...['attempt', 'connected', 'opened from 6', 'ended clean', 'waiting 1000'],
      ...['attempt', 'connected', 'failed no-content', 'finished done'],
    ])
  })

  it.each(ids.map((id, index) => [id, `/id-${index}`] as const))('is %j as UTF-8 bytes', async (id, path) => {
    await lifeOf(server.url(path), { reconnect: 'auto' })
    expect(sent(path)).toEqual([null, Buffer.from(id).toString('latin1')])
  })

  it('is the id it was started with, until there is another', async () => {
    const seen = await lifeOf(server.url('/same-id'), { reconnect: 'auto', user: { lastEventId: 'from before' } })
    expect(sent('/same-id')).toEqual(['from before', 'from before', 'from before'])
    expect(seen.calls).toContain('event message b #from before')
  })

  it('is nothing when the id cannot be in a header, and says so', async () => {
    await lifeOf(server.url('/control-id'), { reconnect: 'auto' })
    expect(sent('/control-id')).toEqual([null, null])
  })
})

describe('when there is another attempt', () => {
  it('after the time that the server set, for good', async () => {
    const seen = await lifeOf(server.url('/retry'), { reconnect: 'auto' })
    expect(seen.calls.filter((call) => /retry|waiting|finished/.test(call))).toEqual([
      'retry 3',
      'waiting 3000',
      'finished failed',
    ])
  })

  it('after connections that break before the answer', async () => {
    const seen = await lifeOf(server.url('/lost'), { reconnect: 'auto' })
    expect(seen.calls.filter((call) => /failed|event|finished/.test(call))).toEqual([
      'failed connection-lost',
      'failed connection-lost',
      'event message a #',
      'failed no-content',
      'finished done',
    ])
  })

  it('after a bad status only when it is always wanted', async () => {
    const seen = await lifeOf(server.url('/busy'), { reconnect: 'always' })
    expect(seen.calls.filter((call) => /failed|event/.test(call))).toEqual([
      'failed status',
      'failed status',
      'event message a #',
      'failed no-content',
    ])
  })

  it('never for a POST', async () => {
    const seen = await lifeOf(server.url('/post'), {
      reconnect: 'auto',
      request: { method: 'POST', body: '{"q":"\u00e4"}' },
    })
    expect(seen.calls.slice(-2)).toEqual(['ended clean', 'finished done'])
    expect(server.requests.at(-1)).toMatchObject({
      line: 'POST /post HTTP/1.1',
      body: Buffer.from('{"q":"\u00e4"}').toString('latin1'),
    })
  })

  it('counts from when it was due', async () => {
    const { stream, seen } = streamTo(server.url('/lost-once'), { reconnect: 'auto', retryMs: 1 })
    const at: number[] = []
    const failed = seen.failed.bind(seen)
    seen.failed = (now, ...rest) => {
      at.push(now)
      failed(now, ...rest)
    }
    stream.start(123)
    await seen.until('finished')
    expect(seen.intended).toEqual([123, ...seen.intended.slice(1)])
    expect(seen.intended[1]).toBe((at[0] ?? 0) + 1000)
  })
})

describe('a client that cuts its own connection', () => {
  it('comes back with its id after resetNow', async () => {
    const before = sent('/open').length
    const { stream, seen } = streamTo(server.url('/open'), { reconnect: 'auto' })
    stream.start(0)
    await seen.until('event')
    stream.resetNow()
    await seen.until('opened from 3')
    expect(sent('/open').slice(before)).toEqual([null, '3'])
    stream.stop()
    expect(seen.calls.filter((call) => call.startsWith('ended'))).toEqual(['ended disconnected', 'ended stopped'])
  })

  it('does not come back when it is stopped while it waits', async () => {
    const { stream, seen } = streamTo(server.url('/post'), { reconnect: 'auto', retryMs: 60_000 })
    stream.start(0)
    await seen.until('waiting')
    stream.stop()
    expect(seen.calls.slice(-2)).toEqual(['waiting 60000000', 'finished stopped'])
  })
})

describe('an observer that stops the stream', () => {
  it.each(['attempt', 'connected', 'opened', 'event', 'ended', 'failed', 'waiting'])(
    'in %s sees only the end of it',
    async (call) => {
      const path = call === 'failed' ? '/nowhere' : '/post'
      const { stream, seen } = streamTo(server.url(path), { reconnect: 'auto', retryMs: 60_000 })
      seen.onCall = (made) => {
        if (made.startsWith(call)) stream.stop()
      }
      stream.start(0)
      await seen.until('finished')
      const rest = seen.calls.slice(seen.calls.findIndex((made) => made.startsWith(call)) + 1)
      expect(rest).toEqual(
        call === 'opened' || call === 'event' ? ['ended stopped', 'finished stopped'] : ['finished stopped'],
      )
      await eventually(() => server.sockets.size).toBe(0)
    },
  )
})
