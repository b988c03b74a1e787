import { describe, expect, test } from 'vitest'

import { FANOUT_LIMIT, FanoutChannel } from '../../../harness/measure/fanout.ts'
import type { StreamRecorder } from '../../../harness/measure/stream-recorder.ts'
import { START } from '../../support/manual-clock.ts'
import { foreignEvent, foreignExtractor, pair, Recorded, SECOND, triple } from './recorded.ts'

const entriesOf = (world: Recorded) => world.recorder.take(world.clock.now(), true).fanout

describe('one broadcast', () => {
  test('is complete with the last open stream', () => {
    const world = new Recorded()
    const streams = triple((stream) => world.opening(0, { stream }))
    for (const [i, stream] of streams.entries()) {
      world.at(10 + i)
      world.event(stream, 0, 5)
    }
    expect(entriesOf(world)).toEqual([
      { channel: 'a', sequence: 0, stamp: START + 5, last: START + 12, received: 3, expected: 3 },
    ])
  })

  test('that one stream has not received is incomplete', () => {
    const world = new Recorded()
    const streams = triple((stream) => world.opening(0, { stream }))
    world.event(streams[0], 0)
    world.event(streams[1], 0)
    expect(entriesOf(world)).toMatchObject([{ received: 2, expected: 3 }])
  })

  test('is not waited for on a stream that has left without it', () => {
    const world = new Recorded()
    const streams = triple((stream) => world.opening(0, { stream }))
    world.event(streams[0], 0)
    world.event(streams[1], 0)
    streams[1].ended(world.clock.now(), 'reset')
    streams[2].ended(world.clock.now(), 'reset')
    world.event(streams[0], 1)
    expect(entriesOf(world)).toMatchObject([
      { sequence: 0, received: 2, expected: 2 },
      { sequence: 1, received: 1, expected: 1 },
    ])
  })

  test('is waited for on a stream that joined in time for it, though others were quicker', () => {
    const world = new Recorded()
    const first = world.opening()
    for (const sequence of [0, 1, 2]) world.event(first, sequence)
    const second = world.user(0, { stream: 1 })
    // The server had published 0 when it joined; 1 and 2 are on their way to it.
    world.open(second, 1)
    world.at(20)
    world.event(second, 1, 0)
    expect(entriesOf(world)).toMatchObject([
      { sequence: 0, received: 1, expected: 1 },
      { sequence: 1, received: 2, expected: 2, last: START + 20 },
      { sequence: 2, received: 1, expected: 2 },
    ])
  })

  test('is not waited for on a stream that is to begin later', () => {
    const world = new Recorded()
    const first = world.opening()
    const second = world.user(0, { stream: 1 })
    world.open(second, 2)
    for (const sequence of [0, 1, 2]) world.event(first, sequence)
    world.event(second, 2)
    expect(entriesOf(world).map(({ received, expected }) => [received, expected])).toEqual([
      [1, 1],
      [1, 1],
      [2, 2],
    ])
  })

  test('nor on one that was to begin later and has left before', () => {
    const world = new Recorded()
    const first = world.opening()
    const second = world.user(0, { stream: 1 })
    world.open(second, 2)
    second.ended(world.clock.now(), 'lifetime')
    for (const sequence of [0, 1, 2]) world.event(first, sequence)
    expect(entriesOf(world).map(({ expected }) => expected)).toEqual([1, 1, 1])
  })

  test('channels are apart', () => {
    const world = new Recorded()
    for (const [i, channel] of ['a', 'b'].entries()) {
      const stream = world.user(0, { stream: i })
      const headers = { 'x-sse-harness': '1', 'x-sse-harness-channel': channel, 'x-sse-harness-next': '0' }
      stream.opened(START, headers, '')
      world.event(stream, 0)
    }
    expect(entriesOf(world)).toMatchObject([
      { channel: 'a', received: 1, expected: 1 },
      { channel: 'b', received: 1, expected: 1 },
    ])
  })
})

describe('a replay goes to one stream and is no fan-out', () => {
  interface Server {
    open: (stream: StreamRecorder, next: number) => void
    event: (stream: StreamRecorder, sequence: number, due: number) => void
  }
  /** Two streams; one is lost, the other gets event 1, and then the lost one gets 1 and 2 on its new connection. */
  const replay = (world: Recorded, { open, event }: Server) => {
    const streams = pair((stream) => world.user(0, { stream }))
    for (const stream of streams) open(stream, 0)
    for (const stream of streams) event(stream, 0, 0)
    streams[1].ended(world.clock.now(), 'reset')
    world.at(SECOND)
    event(streams[0], 1, SECOND)
    world.at(3 * SECOND)
    open(streams[1], 2)
    event(streams[1], 1, SECOND)
    for (const stream of streams) event(stream, 2, 3 * SECOND)
    return entriesOf(world)
  }
  const expected = [
    { sequence: 0, received: 2, expected: 2 },
    { sequence: 1, received: 1, expected: 1, last: START + SECOND },
    { sequence: 2, received: 2, expected: 2 },
  ]

  test('where the server tells what is live', () => {
    const world = new Recorded()
    const open: Server['open'] = (stream, next) => world.open(stream, next)
    const event: Server['event'] = (stream, sequence, due) => world.event(stream, sequence, due)
    expect(replay(world, { open, event })).toMatchObject(expected)
  })

  test('of an event that no stream had when it was live', () => {
    const world = new Recorded()
    const stream = world.opening()
    world.open(stream, 2)
    for (const sequence of [1, 2]) world.event(stream, sequence)
    expect(entriesOf(world).map(({ sequence }) => sequence)).toEqual([2])
  })

  test('where it does not', () => {
    const world = new Recorded(foreignExtractor())
    const open: Server['open'] = (stream) => stream.opened(world.clock.now(), {}, '')
    const event: Server['event'] = (stream, sequence, due) =>
      stream.event(world.clock.now(), foreignEvent(sequence, START + due))
    expect(replay(world, { open, event })).toMatchObject(expected)
  })
})

describe('sequences of their own', () => {
  test('are recognised by their stamps and left out', () => {
    const world = new Recorded(foreignExtractor())
    const streams = pair((stream) => world.user(0, { stream }))
    for (const stream of streams) stream.opened(START, {}, '')
    streams[0].event(START, foreignEvent(0, START - 5))
    streams[1].event(START, foreignEvent(0, START - 4))
    streams[0].event(START, foreignEvent(1, START))
    streams[1].event(START, foreignEvent(1, START))
    expect(entriesOf(world)).toEqual([])
  })

  test('of a stream that joins in the middle as well', () => {
    const world = new Recorded(foreignExtractor())
    const streams = pair((stream) => world.user(0, { stream }))
    streams[0].opened(START, {}, '')
    for (const sequence of [0, 1, 2]) streams[0].event(START, foreignEvent(sequence, START))
    streams[1].opened(START, {}, '')
    streams[1].event(START, foreignEvent(0, START + 9))
    streams[0].event(START, foreignEvent(3, START))
    expect(entriesOf(world)).toEqual([])
  })
})

describe('memory', () => {
  test('an event is handed in 5 s after the first stream had it, and what comes later is left out', () => {
    const channel = new FanoutChannel('a')
    channel.join(0)
    channel.join(0)
    channel.receive(0, START, START + 10, 0)
    expect(channel.take(START + 9 + FANOUT_LIMIT, false)).toEqual([])
    expect(channel.take(START + 10 + FANOUT_LIMIT, false)).toMatchObject([{ sequence: 0, received: 1, expected: 2 }])
    channel.receive(0, START, START + 11 + FANOUT_LIMIT, 0)
    expect(channel.take(START + 10 * FANOUT_LIMIT, true)).toEqual([])
  })

  test('of very many at once the older ones make room and none is lost', () => {
    const channel = new FanoutChannel('a')
    channel.join(0)
    for (let sequence = 0; sequence < 5000; sequence += 1) channel.receive(sequence, START, START, 0)
    const entries = channel.take(START, true)
    expect(entries.map(({ sequence }) => sequence).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 5000 }, (_, sequence) => sequence),
    )
  })
})
