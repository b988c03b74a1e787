import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { WRITTEN } from '../fixtures/streams/written.ts'
import { runProcess } from '../support/run-process.ts'
import type { Route } from '../unit/client/raw-server.ts'
import { chunk, CHUNKED_HEAD, LAST_CHUNK, RawServer, STREAM_HEAD } from '../unit/client/raw-server.ts'

const MAIN = path.resolve(import.meta.dirname, '../../dist/harness/main.js')
const run = (...args: string[]) => runProcess(process.execPath, [MAIN, 'stream', ...args])

/** Sends the bytes one chunk a byte, so that nothing of a stream arrives whole. */
const bytewise =
  (bytes: Uint8Array): Route =>
  (socket) => {
    socket.write(CHUNKED_HEAD)
    for (const byte of bytes) socket.write(Buffer.concat([Buffer.from('1\r\n'), Buffer.of(byte), Buffer.from('\r\n')]))
    socket.write(LAST_CHUNK)
  }
const inTurn =
  (...turns: Route[]): Route =>
  (socket, request) =>
    turns[request.number - 1]?.(socket, request)
const body =
  (text: string): Route =>
  (socket) =>
    socket.write(CHUNKED_HEAD + chunk(text) + LAST_CHUNK)
const status =
  (line: string): Route =>
  (socket) =>
    socket.write(`HTTP/1.1 ${line}\r\ncontent-length: 0\r\n\r\n`)
const gone: Route = (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n')

/** An event with everything in it that bytes can do to a parser. */
const SELECTED = WRITTEN.filter(({ name }) =>
  /^(CR alone|CR, LF|a byte order mark at|an id without data c|UTF-8 of|bytes that are not|an id above|an empty id takes)/.test(
    name,
  ),
)
const routes: Record<string, Route> = {
  ...Object.fromEntries(SELECTED.map(({ input }, index) => [`/fixture-${index}`, bytewise(input)])),
  '/reconnect': inTurn(
    body('retry: 1\n\nid: \u2026\ndata: a\n\n'),
    (socket) =>
      socket.write(`${CHUNKED_HEAD}${chunk('data: b\n\n')}`, () => setTimeout(() => socket.resetAndDestroy(), 20)),
    body('id\ndata: c\n\n'),
    gone,
  ),
  '/204': gone,
  '/500': status('500 Oops'),
  '/html': status('200 OK\r\ncontent-type: text/html'),
  '/cut': (socket) => socket.end(CHUNKED_HEAD + chunk('data: a\n\n')),
  '/unframed': (socket) => socket.end(`${STREAM_HEAD}\r\ndata: a\n\n`),
  '/long': (socket) => socket.end(`${STREAM_HEAD}\r\ndata: ${'x'.repeat(5_000_000)}\n\n`),
  '/open': (socket) => socket.write(CHUNKED_HEAD + chunk(': hi\n\nid: 7\nevent: tick\ndata: \u001b[31mred\n\n')),
  '/flood': (socket) => {
    socket.write(CHUNKED_HEAD)
    const more = () => {
      while (!socket.destroyed && socket.write(chunk(`data: ${'x'.repeat(1000)}\n\n`)));
    }
    socket.on('drain', more)
    more()
  },
}

let server: RawServer
beforeAll(async () => {
  server = await new RawServer(routes).listen()
})
afterAll(() => server.close())

const lines = (stdout: string): unknown[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)

describe('--ndjson', () => {
  it.each(SELECTED.map((fixture, index) => ({ ...fixture, index })))(
    'prints the events of: $name',
    async ({ index, expected }) => {
      const { code, stdout } = await run(server.url(`/fixture-${index}`), '--ndjson', '--no-reconnect')
      const events = expected.flatMap((found) =>
        found.type === 'event' ? [{ type: found.event, data: found.data, id: found.lastEventId }] : [],
      )
      expect(lines(stdout)).toEqual(events)
      expect(code).toBe(0)
    },
  )

  it('reconnects as an EventSource does, and ends where the server says so', async () => {
    const { code, stdout } = await run(server.url('/reconnect'), '--ndjson')
    expect(lines(stdout)).toEqual([
      { type: 'message', data: 'a', id: '\u2026' },
      { type: 'message', data: 'b', id: '\u2026' },
      { type: 'message', data: 'c', id: '' },
    ])
    const sent = server.requests.filter((request) => request.path === '/reconnect')
    const bytes = Buffer.from('\u2026').toString('latin1')
    expect(sent.map((request) => request.headers['last-event-id'])).toEqual([undefined, bytes, bytes, undefined])
    expect(code).toBe(0)
  })

  it('prints lines of megabytes whole', async () => {
    const { stdout } = await run(server.url('/long'), '--ndjson', '--max-events', '1')
    expect(lines(stdout)).toEqual([{ type: 'message', data: 'x'.repeat(5_000_000), id: '' }])
  })

  it('ends quietly when its reader is gone', async () => {
    const child = spawn(process.execPath, [MAIN, 'stream', server.url('/flood'), '--ndjson'])
    await once(child.stdout, 'data')
    child.stdout.destroy()
    expect(await outcome(child)).toEqual({ code: 0, stderr: '' })
  })

  it('stops reading from the server while nobody reads from it', async () => {
    const child = spawn(process.execPath, [MAIN, 'stream', server.url('/flood'), '--ndjson'])
    await expect
      .poll(() => [...server.sockets].some((socket) => socket.writableNeedDrain), { timeout: 30_000 })
      .toBe(true)
    const [socket] = server.sockets
    // Both kernels' buffers are full; from here on only somebody who reads would let anything through.
    const settled = async () => {
      const before = socket?.bytesWritten
      await new Promise((resolve) => setTimeout(resolve, 200))
      return socket?.bytesWritten === before && (socket?.writableNeedDrain ?? false)
    }
    await expect.poll(settled, { timeout: 30_000 }).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
})

/** Exit code and messages of a process that was started by hand. */
async function outcome(child: ChildProcess): Promise<{ code: number | null; stderr: string }> {
  let stderr = ''
  child.stderr?.on('data', (text: Buffer) => {
    stderr += text.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stderr }
}

describe('exit codes', () => {
  it.each([
    ['a clean end', '/fixture-0', ['--no-reconnect'], 0],
    ['an unframed end', '/unframed', ['--reconnect', 'never'], 0],
    ['enough events', '/open', ['--max-events', '1'], 0],
    ['the wanted event', '/open', ['--until', 'id=7'], 0],
    ['a cut stream that is not reconnected', '/cut', ['--no-reconnect'], 99],
    ['204 at once', '/204', [], 4],
    ['another status', '/500', [], 4],
    ['another content type', '/html', [], 4],
  ] as const)('%s', async (_what, route, args, code) => {
    for (const mode of [[], ['--ndjson']]) {
      const ended = await run(server.url(route), ...args, ...mode)
      expect([ended.code, ended.stderr === '']).toEqual([code, code === 0])
    }
  })

  it('4 with the reason when nobody listens, without trying for ever', async () => {
    const nobody = await new RawServer({}).listen()
    const url = nobody.url('/')
    await nobody.close()
    const { code, stdout, stderr } = await run(url, '--ndjson', '--json')
    expect(code).toBe(4)
    expect(lines(stdout)).toMatchObject([{ status: 'error', exitCode: 4, events: 0 }])
    expect(stderr).toMatch(/refused/)
  })

  it('2 with every fault at once', async () => {
    const { code, stderr } = await run(
      'ftp://x/',
      '--max-events',
      '0',
      '--until',
      'x',
      '--header',
      'a',
      '--reconnect',
      'b',
      '--retry',
      '5',
    )
    expect(code).toBe(2)
    expect(stderr.trim().split('\n')).toHaveLength(6)
  })

  it('2 for a header that cannot be sent, without its value', async () => {
    const { code, stderr } = await run(
      server.url('/open'),
      '--header',
      'Transfer-Encoding: secret',
      '--ca',
      '/no/such/file',
    )
    expect(code).toBe(2)
    expect(stderr).toMatch(/Transfer-Encoding[^]*--ca/)
    expect(stderr).not.toContain('secret')
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('3 on %s', async (signal) => {
    const child = spawn(process.execPath, [MAIN, 'stream', server.url('/open'), '--ndjson'])
    const ended = outcome(child)
    await once(child.stdout, 'data')
    child.kill(signal)
    expect((await ended).code).toBe(3)
  })
})

describe('the readable view', () => {
  it('shows what happens, and no secret and no control character', async () => {
    const url = server.url('/open?token=hush').replace('//', '//user:hush@')
    const secrets = ['--header', 'Cookie: hush', '--header', 'X-Plain: seen']
    const { stdout } = await run(url, ...secrets, '--max-events', '1')
    expect(server.requests.at(-1)?.headers['cookie']).toBe('hush')
    expect(stdout).not.toContain('hush')
    expect(stdout).not.toContain('\u001b')
    expect(stdout.replaceAll(/[\d.]+ (us|ms|s)\b/g, 'T')).toContain(
      ['x-plain: seen', '* connected after T', '< 200, an event stream, after T'].join('\n'),
    )
    for (const part of [
      'content-type: text/event-stream',
      'comment',
      'tick #7',
      '\\x1b[31mred',
      'ended max-events',
      '1 events',
    ])
      expect(stdout).toContain(part)
  })

  it('says where it goes on after a loss', async () => {
    server.requests.length = 0
    const { stdout } = await run(server.url('/cut'), '--retry', '1ms', '--max-events', '2')
    expect(stdout).toMatch(/ended truncated[^]*next attempt in 1\.00 ms/)
  })
})
