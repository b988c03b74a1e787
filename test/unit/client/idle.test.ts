import type { Socket } from 'node:net'

import { expect, it } from 'vitest'

import { ManualClock } from './manual-clock.ts'
import { chunk, CHUNKED_HEAD, RawServer } from './raw-server.ts'
import { streamTo } from './recording.ts'

const SECOND = 1_000_000

it('gives up a stream that has been silent for the limit, with one timer however many chunks there were', async () => {
  let socket: Socket | null = null
  const server = await new RawServer({
    '/': (accepted) => {
      socket = accepted
      accepted.write(CHUNKED_HEAD)
    },
  }).listen()
  const clock = new ManualClock()
  const { stream, seen } = streamTo(server.url('/'), { clock, idleTimeout: 10 * SECOND })
  stream.start(0)
  await seen.until('opened')
  for (let count = 1; count <= 25; count += 1) {
    clock.advance(SECOND)
    ;(socket as Socket | null)?.write(chunk(':\n'))
    await seen.until('comment', count)
    expect(clock.timers).toBe(1)
  }
  // The last chunk came at 25 s, between two looks of the watch.
  clock.advance(10 * SECOND - 1)
  expect(seen.calls.at(-1)).toBe('comment')
  clock.advance(1)
  expect(seen.calls.slice(-2)).toEqual(['ended idle-timeout', 'finished failed'])
  expect(clock.timers).toBe(0)
  await server.close()
})

it('leaves no timer behind when it is stopped', async () => {
  const server = await new RawServer({ '/': (socket) => socket.write(CHUNKED_HEAD) }).listen()
  const clock = new ManualClock()
  const { stream, seen } = streamTo(server.url('/'), { clock, idleTimeout: SECOND })
  stream.start(0)
  await seen.until('opened')
  stream.stop()
  expect(clock.timers).toBe(0)
  await server.close()
})
