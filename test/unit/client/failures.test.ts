import net from 'node:net'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { failureOf } from '../../../harness/client/errors.ts'
import type { Route } from './raw-server.ts'
import { RawServer } from './raw-server.ts'
import type { Overrides } from './recording.ts'
import { lifeOf, eventually } from './recording.ts'

const empty =
  (status: string, more = ''): Route =>
  (socket) =>
    socket.write(`HTTP/1.1 ${status}\r\n${more}content-length: 0\r\n\r\n`)
const typed = (type: string) => empty('200 OK', `content-type: ${type}\r\n`)

const routes: Record<string, Route> = {
  '/204': (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'),
  '/500': empty('500 Oh No'),
  '/503-rst': (socket) => socket.write('HTTP/1.1 503 Busy\r\n\r\n', () => socket.resetAndDestroy()),
  '/201': empty('201 Created', 'content-type: text/event-stream\r\n'),
  '/304': (socket) => socket.write('HTTP/1.1 304 Not Modified\r\n\r\n'),
  '/html': typed('text/html'),
  '/none': empty('200 OK'),
  '/prefix': typed('text/event-stream-x'),
  '/fin': (socket) => socket.end(),
  '/fin-in-head': (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-ty'),
  '/rst': (socket) => socket.resetAndDestroy(),
  '/not-http': (socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'),
  '/huge-head': (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`),
  '/upgrade': (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
  '/silent': () => {},
  '/loop': (socket) => socket.write('HTTP/1.1 302 Found\r\nlocation: /loop\r\ncontent-length: 0\r\n\r\n'),
  '/nowhere': empty('302 Found'),
  '/no-url': empty('302 Found', 'location: http://[\r\n'),
  '/ftp': empty('302 Found', 'location: ftp://127.0.0.1/\r\n'),
}

let server: RawServer
beforeAll(async () => {
  server = await new RawServer(routes).listen()
})
afterAll(() => server.close())

const MS = 1000
const failures: [path: string, failure: string, detail: RegExp, overrides?: Overrides][] = [
  ['/204', 'no-content', /204/],
  ['/500', 'status', /^500 Oh No$/],
  ['/503-rst', 'status', /^503 Busy$/],
  ['/201', 'status', /^201/],
  ['/304', 'status', /^304/],
  ['/html', 'content-type', /^text\/html$/],
  ['/none', 'content-type', /^none$/],
  ['/prefix', 'content-type', /event-stream-x/],
  ['/fin', 'connection-lost', /closed/],
  ['/fin-in-head', 'connection-lost', /closed/],
  ['/rst', 'connection-lost', /ECONNRESET/],
  ['/not-http', 'protocol-error', /HTTP/],
  ['/huge-head', 'protocol-error', /[Hh]eaders/],
  ['/upgrade', 'protocol-error', /bad upgrade/],
  ['/silent', 'headers-timeout', /^$/, { headersTimeout: 40 * MS }],
  ['/nowhere', 'redirect', /without a location/],
  ['/no-url', 'redirect', /not a URL/],
  ['/ftp', 'redirect', /ftp:/],
]

describe('why an attempt did not become a stream', () => {
  it.each(failures)('%s: %s', async (path, failure, detail, overrides = {}) => {
    const seen = await lifeOf(server.url(path), overrides)
    expect(seen.calls).toEqual(['attempt', 'connected', `failed ${failure}`, 'finished failed'])
    expect(seen.details[0]).toMatch(detail)
    await eventually(() => server.sockets.size).toBe(0)
  })

  it('follows twenty redirects and no more', async () => {
    const before = server.requests.length
    const seen = await lifeOf(server.url('/loop'))
    expect(seen.calls.slice(-2)).toEqual(['failed redirect', 'finished failed'])
    expect(server.requests.length - before).toBe(21)
  })

  it('refused: nobody listens', async () => {
    const nobody = await new RawServer({}).listen()
    const url = nobody.url('/')
    await nobody.close()
    const seen = await lifeOf(url)
    expect(seen.calls).toEqual(['attempt', 'failed refused', 'finished failed'])
  })

  it('refused by every address of a name', async () => {
    const nobody = await new RawServer({}).listen()
    const url = nobody.url('/').replace('127.0.0.1', 'localhost')
    await nobody.close()
    expect((await lifeOf(url)).calls).toContain('failed refused')
  })

  it('dns: the name does not exist', async () => {
    expect((await lifeOf('http://no-such-host.invalid/')).calls).toEqual(['attempt', 'failed dns', 'finished failed'])
  })

  it('connect-timeout: TLS is part of the connection, and nobody answers the handshake', async () => {
    const mute = net.createServer()
    const accepted = new Promise<net.Socket>((resolve) => mute.once('connection', resolve))
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    const { port } = mute.address() as net.AddressInfo
    const seen = await lifeOf(`https://127.0.0.1:${port}/`, { connectTimeout: 40 * MS })
    expect(seen.calls).toEqual(['attempt', 'failed connect-timeout', 'finished failed'])
    // The half-made connection is not left behind.
    const socket = await accepted
    await new Promise((resolve) => socket.once('close', resolve).resume())
    mute.close()
  })

  it.each([
    ['EMFILE', 'local-limit'],
    ['EADDRNOTAVAIL', 'local-limit'],
    ['ENOBUFS', 'local-limit'],
    ['ECONNREFUSED', 'refused'],
    ['EHOSTUNREACH', 'refused'],
    ['ETIMEDOUT', 'connect-timeout'],
  ])('%s while connecting: %s', (code, failure) => {
    expect(failureOf(Object.assign(new Error(code), { code }), 'tcp')).toBe(failure)
  })

  it('a refusal counts more than an address family that is not there', () => {
    const error = new AggregateError([
      Object.assign(new Error(''), { code: 'EADDRNOTAVAIL' }),
      Object.assign(new Error(''), { code: 'ECONNREFUSED' }),
    ])
    expect(failureOf(error, 'tcp')).toBe('refused')
  })
})
