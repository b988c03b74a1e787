import type { Socket } from 'node:net'

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { chunk, CHUNKED_HEAD, RawServer } from './raw-server.ts'
import { streamTo } from './recording.ts'

let server: RawServer
let opened: (socket: Socket) => void
let accepted: Promise<Socket>
beforeAll(async () => {
  server = await new RawServer({
    '/': (socket) => {
      socket.allowHalfOpen = true
      socket.write(CHUNKED_HEAD + chunk('data: x\n\n'))
      opened(socket)
    },
  }).listen()
})
beforeEach(() => {
  accepted = new Promise((resolve) => {
    opened = resolve
  })
})
afterAll(() => server.close())

/** What the server sees of its client's going. */
async function seenBy(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? ''))
    socket.once('end', () => resolve('FIN'))
    socket.resume()
  })
}

describe('leaving', () => {
  it.each([
    ['abort', 'FIN'],
    ['fin', 'FIN'],
    ['rst', 'ECONNRESET'],
  ] as const)('by %s is a %s to the server', async (mode, sees) => {
    const { stream, seen } = streamTo(server.url('/'), { reconnect: 'auto' })
    stream.start(0)
    await seen.until('event')
    const there = seenBy(await accepted)
    stream.leave(mode)
    expect(await there).toBe(sees)
    expect(seen.calls.slice(-2)).toEqual(['ended disconnected', 'finished done'])
  })

  it('by fin still takes what the server says before it closes, and tells nobody', async () => {
    const { stream, seen } = streamTo(server.url('/'))
    stream.start(0)
    await seen.until('event')
    const socket = await accepted
    const there = seenBy(socket)
    stream.leave('fin')
    await there
    const calls = seen.calls.length
    // Against a closed socket this write would come back as a reset.
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.write(chunk('data: late\n\n'), () => socket.end('0\r\n\r\n', resolve))
    })
    expect(await closed).toBe(false)
    expect(seen.calls).toHaveLength(calls)
  })

  it.each(['fin', 'abort', 'rst'] as const)('by %s before there is a connection is just the end', (mode) => {
    const { stream, seen } = streamTo(server.url('/'))
    stream.start(0)
    stream.leave(mode)
    expect(seen.calls).toEqual(['attempt', 'finished done'])
  })
})

describe('a bug of the observer', () => {
  it.each(['opened', 'event', 'ended', 'connected'])(
    'in %s surfaces as what it is, and not as a network error',
    async (call) => {
      const listeners = process.listeners('uncaughtException')
      process.removeAllListeners('uncaughtException')
      const surfaced = new Promise<Error>((resolve) => process.once('uncaughtException', resolve))
      const { stream, seen } = streamTo(server.url('/'), { reconnect: 'auto' })
      const bug = new Error('a bug')
      seen.onCall = (made) => {
        if (made.startsWith(call)) throw bug
      }
      stream.start(0)
      if (call === 'ended') void accepted.then((socket) => socket.destroy())
      expect(await surfaced).toBe(bug)
      expect(seen.calls.filter((made) => made.startsWith('failed'))).toEqual([])
      expect(seen.calls.filter((made) => made.startsWith('ended'))).toHaveLength(call === 'ended' ? 1 : 0)
      for (const listener of listeners) process.on('uncaughtException', listener)
    },
  )
})
