import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { headerFaults } from '../../../harness/client/request.ts'
import { isEventStream, nextHop } from '../../../harness/client/response.ts'
import { parseUntil } from '../../../harness/client/settings.ts'
import type { Route } from './raw-server.ts'
import { chunk, CHUNKED_HEAD, LAST_CHUNK, RawServer } from './raw-server.ts'
import { lifeOf } from './recording.ts'

const done: Route = (socket) => socket.write(CHUNKED_HEAD + chunk('data: a\n\n') + LAST_CHUNK)
const to =
  (status: number, location: string): Route =>
  (socket) =>
    socket.write(`HTTP/1.1 ${status} Go\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`, 'latin1')

let here: RawServer
let there: RawServer
beforeAll(async () => {
  there = await new RawServer({
    '/end': done,
    '/back': (socket, request) => to(307, here.url('/301'))(socket, request),
    '/on': to(307, '/end'),
  }).listen()
  here = await new RawServer({
    '/end': done,
    '/again': (socket, request) => (request.number > 1 ? socket.end('HTTP/1.1 204 No\r\n\r\n') : done(socket, request)),
    '/to-again': to(302, '/again'),
    '/deep/relative': to(302, '../end?x=1#part'),
    '/utf8': to(302, Buffer.from('/end?\u00e4').toString('latin1')),
    '/away': (socket, request) => to(307, there.url('/end'))(socket, request),
    '/away-and-on': (socket, request) => to(307, there.url('/on'))(socket, request),
    '/away-and-back': (socket, request) => to(307, there.url('/back'))(socket, request),
    ...Object.fromEntries([301, 302, 303, 307, 308].map((status) => [`/${status}`, to(status, '/end')])),
  }).listen()
})
afterAll(() => Promise.all([here.close(), there.close()]))

const last = (server: RawServer) => server.requests.at(-1)

describe('the request', () => {
  it('asks for an event stream that no cache keeps', async () => {
    await lifeOf(here.url('/end?a=b'))
    expect(last(here)?.line).toBe('GET /end?a=b HTTP/1.1')
    expect(last(here)?.headers).toEqual({
      host: `127.0.0.1:${here.port}`,
      connection: 'keep-alive',
      accept: 'text/event-stream',
      'cache-control': 'no-store',
      'user-agent': 'sse-harness',
    })
  })

  it('has the headers that were given, whatever their case, as UTF-8', async () => {
    await lifeOf(here.url('/end'), {
      request: { headers: { Accept: 'text/event-stream, */*', 'X-Name': '\u00e4\u20ac' } },
    })
    expect(last(here)?.headers).toMatchObject({
      accept: 'text/event-stream, */*',
      'x-name': Buffer.from('\u00e4\u20ac').toString('latin1'),
    })
  })

  it('turns credentials in the URL into a header', async () => {
    await lifeOf(here.url('/end').replace('//', '//us%C3%A4r:p%40ss@'))
    expect(last(here)?.headers['authorization']).toBe(`Basic ${Buffer.from('us\u00e4r:p@ss').toString('base64')}`)
  })
})

describe('the response', () => {
  it('may be announced by early hints', async () => {
    const server = await new RawServer({
      '/': (socket, request) => {
        socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n')
        done(socket, request)
      },
    }).listen()
    const seen = await lifeOf(server.url('/'))
    expect(seen.calls).toEqual(['attempt', 'connected', 'opened', 'event message a #', 'ended clean', 'finished done'])
    await server.close()
  })

  it('may come over IPv6', async () => {
    const server = await new RawServer({ '/': done }).listen('::1')
    const seen = await lifeOf(server.url('/').replace('127.0.0.1', '[::1]'))
    expect(seen.calls).toContain('event message a #')
    expect(last(server)?.headers['host']).toBe(`[::1]:${server.port}`)
    await server.close()
  })
})

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])('%s is followed within the attempt', async (status) => {
    const seen = await lifeOf(here.url(`/${status}`))
    expect(seen.calls).toEqual([
      'attempt',
      'connected',
      `redirected ${status} /end`,
      'opened',
      'event message a #',
      'ended clean',
      'finished done',
    ])
  })

  it.each([
    [301, 'GET'],
    [302, 'GET'],
    [303, 'GET'],
    [307, 'POST'],
    [308, 'POST'],
  ])('%s makes a POST a %s', async (status, method) => {
    await lifeOf(here.url(`/${status}`), {
      request: { method: 'POST', body: 'ask', headers: { 'content-type': 'text/plain', 'x-a': 'b' } },
    })
    const kept = method === 'POST'
    expect(last(here)?.line).toBe(`${method} /end HTTP/1.1`)
    expect(last(here)?.body).toBe(kept ? 'ask' : '')
    expect(last(here)?.headers['content-type']).toBe(kept ? 'text/plain' : undefined)
    expect(last(here)?.headers['x-a']).toBe('b')
  })

  it('303 leaves other methods without a body alone only when they are GET or HEAD', () => {
    const hop = { url: 'http://a/', withBody: false, trusted: true, redirects: 0 }
    expect(nextHop({ ...hop, method: 'HEAD' }, 303, '/b')).toMatchObject({ method: 'HEAD' })
    expect(nextHop({ ...hop, method: 'PUT' }, 303, '/b')).toMatchObject({ method: 'GET' })
    expect(nextHop({ ...hop, method: 'PUT' }, 302, '/b')).toMatchObject({ method: 'PUT' })
  })

  it('may be relative, and in UTF-8', async () => {
    await lifeOf(here.url('/deep/relative'))
    expect(last(here)?.path).toBe('/end?x=1')
    await lifeOf(here.url('/utf8'))
    expect(last(here)?.path).toBe('/end?%C3%A4')
  })

  const secret = {
    headers: { Authorization: 'Bearer t', Cookie: 'c=1', 'X-Api-Key': 'k', 'X-Other': 'o', Host: 'alias' },
    secretHeaders: ['x-api-key'],
  }

  it('carry secrets within the origin', async () => {
    await lifeOf(here.url('/307'), { request: secret })
    expect(last(here)?.headers).toMatchObject({
      authorization: 'Bearer t',
      cookie: 'c=1',
      'x-api-key': 'k',
      host: 'alias',
    })
  })

  it.each(['/away', '/away-and-on', '/away-and-back'])(
    'carry none from the first other origin on (%s)',
    async (path) => {
      await lifeOf(here.url(path), { request: secret })
      const end = path === '/away-and-back' ? here : there
      expect(last(end)?.path).toBe('/end')
      expect(last(end)?.headers).toMatchObject({ 'x-other': 'o', host: `127.0.0.1:${end.port}` })
      for (const name of ['authorization', 'cookie', 'x-api-key']) expect(last(end)?.headers).not.toHaveProperty(name)
    },
  )

  it('are not repeated by a reconnect', async () => {
    const seen = await lifeOf(here.url('/to-again'), { reconnect: 'auto' })
    expect(seen.calls.filter((call) => call.startsWith('redirected'))).toHaveLength(1)
    expect(seen.calls.filter((call) => call === 'connected')).toHaveLength(2)
    expect(here.requests.slice(-3).map((request) => request.path)).toEqual(['/to-again', '/again', '/again'])
  })
})

describe('the content type', () => {
  it.each([
    'text/event-stream',
    'TEXT/Event-Stream;charset=utf-8',
    ' text/event-stream ; x="a"',
    'text/html, text/event-stream',
    'text/event-stream, nonsense',
  ])('%j is an event stream', (type) => {
    expect(isEventStream(type)).toBe(true)
  })
  it.each([
    undefined,
    '',
    'text/event-stream-2',
    'text/event-stream x',
    'x text/event-stream',
    'text/event-stream, text/html',
  ])('%j is none', (type) => {
    expect(isEventStream(type)).toBe(false)
  })
})

describe('header faults', () => {
  it('names every header that cannot be sent', () => {
    const faults = headerFaults({
      'a b': 'x',
      'Content-Length': '5',
      'last-event-id': '1',
      'x-a': 'b\nc',
      'x-ok': '\u00e4\t',
    })
    expect(faults).toHaveLength(4)
    expect(faults.join(' ')).not.toContain('x-ok')
  })
})

describe('until', () => {
  it('splits at the first equals sign', () => {
    expect(parseUntil('data=a=b\nc')).toEqual({ field: 'data', value: Buffer.from('a=b\nc') })
    expect(parseUntil('id=')).toEqual({ field: 'id', value: Buffer.from('') })
    expect(parseUntil('name=x')).toBeNull()
  })

  it.each([
    ['event=message', 1],
    ['event=tick', 2],
    ['id=4', 3],
    ['data=three', 3],
  ])('%s ends the stream with event %s', async (text, events) => {
    const server = await new RawServer({
      '/': (socket) =>
        socket.write(CHUNKED_HEAD + chunk('data: one\n\nevent: tick\ndata: two\n\nid: 4\ndata: three\n\n')),
    }).listen()
    const seen = await lifeOf(server.url('/'), { until: parseUntil(text), user: { lastEventId: '4' } })
    expect(seen.calls.filter((call) => call.startsWith('event'))).toHaveLength(events)
    expect(seen.calls.slice(-2)).toEqual(['ended until', 'finished done'])
    await server.close()
  })
})
