import { readFileSync } from 'node:fs'
import path from 'node:path'
import tls from 'node:tls'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { chunk, CHUNKED_HEAD, LAST_CHUNK, RawServer } from './raw-server.ts'
import type { Overrides } from './recording.ts'
import { lifeOf, streamTo } from './recording.ts'

const file = (name: string) => readFileSync(path.resolve(import.meta.dirname, '../../fixtures/tls', name), 'utf8')
const ca = file('localhost.pem')

let server: RawServer
let plain: RawServer
beforeAll(async () => {
  const secure = tls.createServer({ cert: ca, key: file('localhost.key') })
  secure.on('tlsClientError', () => {})
  server = await new RawServer(
    {
      '/clean': (socket) => socket.write(CHUNKED_HEAD + chunk('data: x\n\n') + LAST_CHUNK),
      '/cut': (socket) => socket.end(CHUNKED_HEAD + chunk('data: x\n\n')),
      '/open': (socket) => socket.write(CHUNKED_HEAD + chunk('data: x\n\n')),
    },
    secure,
  ).listen()
  plain = await new RawServer({ '/': (socket) => socket.end() }).listen()
})
afterAll(() => Promise.all([server.close(), plain.close()]))

const url = (where: string) => server.url(where).replace('http:', 'https:')

it.each<[string, string, Overrides, string[]]>([
  [
    'by address with its authority',
    '127.0.0.1',
    { request: { ca } },
    ['opened', 'event message x #', 'ended clean', 'finished done'],
  ],
  [
    'by name with its authority',
    'localhost',
    { request: { ca } },
    ['opened', 'event message x #', 'ended clean', 'finished done'],
  ],
  [
    'with any certificate when told so',
    '127.0.0.1',
    { request: { insecure: true } },
    ['opened', 'event message x #', 'ended clean', 'finished done'],
  ],
])('opens %s', async (_how, host, overrides, calls) => {
  const seen = await lifeOf(url('/clean').replace('127.0.0.1', host), overrides)
  expect(seen.calls).toEqual(['attempt', 'connected', ...calls])
})

it('refuses a certificate of nobody, for good', async () => {
  const seen = await lifeOf(url('/clean'), { reconnect: 'auto' })
  expect(seen.calls).toEqual(['attempt', 'failed tls', 'finished failed'])
  expect(seen.details[0]).toMatch(/self-signed/)
})

it('refuses the certificate of another host', async () => {
  const seen = await lifeOf(url('/clean').replace('127.0.0.1', '127.0.0.2'), { request: { ca } })
  expect(seen.calls.slice(1)).not.toContain('connected')
})

it('a server that speaks no TLS fails the handshake', async () => {
  const seen = await lifeOf(plain.url('/').replace('http:', 'https:'), { connectTimeout: 200_000 })
  expect(seen.calls.at(-2)).toMatch(/failed (tls|connect-timeout|connection-lost)/)
})

it('a cut body is truncated', async () => {
  expect((await lifeOf(url('/cut'), { request: { ca } })).calls).toContain('ended truncated')
})

it.each(['fin', 'abort', 'rst'] as const)('can be left by %s', async (mode) => {
  const { stream, seen } = streamTo(url('/open'), { request: { ca } })
  stream.start(0)
  await seen.until('event')
  const [socket] = server.sockets
  const ended = new Promise<string>((resolve) => {
    socket?.on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? ''))
    socket?.on('end', () => resolve('end'))
  })
  socket?.resume()
  stream.leave(mode)
  expect(await ended).toBe(mode === 'rst' ? 'ECONNRESET' : 'end')
  expect(seen.calls.slice(-2)).toEqual(['ended disconnected', 'finished done'])
})
