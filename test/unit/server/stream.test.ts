import { describe, expect, it, vi } from 'vitest'

import { frame, join, type SequencedEvent } from '../../../server/encode.ts'
import { Flood } from '../../../server/flood.ts'
import { Schedule } from '../../../server/schedule.ts'
import type { Stream } from '../../../server/stream.ts'
import { ManualClock, testStream } from './support.ts'

const event = (seq: number): SequencedEvent => ({ seq, framed: frame(`id: ${seq}\ndata: x\n\n`) })
const events = (from: number, to: number): SequencedEvent[] =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index))

function offer(stream: Stream, from: number, to: number, nowUs = 0): void {
  const batch = events(from, to)
  stream.offer(batch, join(batch), nowUs)
}

const clock = new ManualClock()
const queue = { items: 3, bytes: 1_000_000 }

describe('a stream whose socket is full', () => {
  it('keeps events back until drain and joins them into one write', () => {
    const { stream, outlet } = testStream(clock)
    outlet.isFull = true
    offer(stream, 1, 1)
    offer(stream, 2, 2)
    offer(stream, 3, 3)
    expect(outlet.writes).toHaveLength(1)
    expect(stream.queued).toBe(2)
    outlet.isFull = false
    stream.onDrain()
    expect(outlet.writes).toHaveLength(2)
    expect(outlet.sequences()).toEqual([1, 2, 3])
    expect(stream).toMatchObject({ offered: 3, written: 3, dropped: 0, queued: 0, first: 1, last: 3 })
  })

  it('drops the oldest and counts them', () => {
    const { stream, outlet, context } = testStream(clock, { queue })
    outlet.isFull = true
    offer(stream, 1, 1)
    offer(stream, 2, 9)
    expect(stream).toMatchObject({ offered: 9, written: 1, dropped: 5, queued: 3 })
    expect(context.totals.dropped).toBe(5)
    outlet.isFull = false
    stream.onDrain()
    expect(outlet.sequences()).toEqual([1, 7, 8, 9])
  })

  it('is bounded by bytes as well, but one event always fits', () => {
    const { stream, outlet } = testStream(clock, { queue: { items: 100, bytes: 50 } })
    outlet.isFull = true
    offer(stream, 1, 1)
    offer(stream, 2, 9)
    expect(stream.queuedBytes).toBeLessThanOrEqual(50)
    expect(stream.queued).toBeGreaterThanOrEqual(1)
    expect(stream.dropped).toBe(8 - stream.queued)
  })

  it('is disconnected by the other policy, with every event accounted for', () => {
    const { stream, outlet } = testStream(clock, { queue, policy: 'disconnect' })
    outlet.isFull = true
    offer(stream, 1, 1)
    offer(stream, 2, 9)
    expect(outlet.cuts).toEqual(['fin'])
    expect(stream.end).toBe('slow-consumer')
    expect(stream).toMatchObject({ offered: 5, written: 1, dropped: 0, queued: 4 })
    outlet.isFull = false
    stream.onDrain()
    expect(outlet.writes).toHaveLength(1)
  })

  it('is told apart by how long it has been blocked', () => {
    const { stream, outlet } = testStream(clock)
    outlet.isFull = true
    offer(stream, 1, 1, clock.nowUs())
    clock.stallMs(250)
    outlet.isFull = false
    stream.onDrain()
    expect(stream.blockedTotalUs).toBe(250_000)
    expect(stream.blockedSinceUs).toBeNull()
  })
})

describe('a replay', () => {
  it('is not dropped for being longer than the queue', () => {
    const { stream, outlet } = testStream(clock, { queue })
    outlet.isFull = true
    stream.tell(frame('retry: 1\n\n'), 0)
    stream.replay(events(1, 20), 0)
    offer(stream, 21, 23)
    expect(stream).toMatchObject({ offered: 23, written: 0, dropped: 0, queued: 23 })
    offer(stream, 24, 24)
    expect(stream.dropped).toBe(1)
    outlet.isFull = false
    stream.onDrain()
    expect(outlet.sequences()).toEqual(Array.from({ length: 23 }, (_, index) => index + 2))
  })
})

describe('the end', () => {
  it('comes cleanly after exactly `count` events', () => {
    const { stream, outlet } = testStream(clock, {}, { count: 5 })
    offer(stream, 1, 3)
    offer(stream, 4, 9)
    expect(outlet.sequences()).toEqual([1, 2, 3, 4, 5])
    expect(outlet.ended).toBe(1)
    expect(stream.end).toBe('count-reached')
    offer(stream, 10, 10)
    expect(stream.offered).toBe(5)
  })

  it('passes no event over when drops make room for more of them than a batch seemed to have', () => {
    const { stream, outlet } = testStream(clock, { queue: { items: 2, bytes: 1000 } }, { count: 4 })
    outlet.isFull = true
    offer(stream, 1, 1)
    offer(stream, 2, 5)
    offer(stream, 6, 6)
    outlet.isFull = false
    stream.onDrain()
    expect(outlet.sequences()).toEqual([1, 5, 6])
    expect(stream).toMatchObject({ offered: 6, written: 3, dropped: 3, first: 1, last: 6 })
  })

  it('waits for the queue, then says goodbye, then ends, once', () => {
    const { stream, outlet } = testStream(clock)
    outlet.isFull = true
    offer(stream, 1, 1)
    offer(stream, 2, 3)
    stream.finish('shutdown', frame('event: goodbye\n\n'))
    expect(outlet.ended).toBe(0)
    outlet.isFull = false
    stream.onDrain()
    stream.onDrain()
    expect(outlet.text()).toMatch(/id: 3\ndata: x\n\nevent: goodbye\n\n$/)
    expect(outlet.ended).toBe(1)
  })

  it('is reported once, with the first reason', () => {
    const onEnded = vi.fn()
    const { stream } = testStream(clock, { onEnded })
    stream.cut('control-drop', 'reset')
    stream.cut('shutdown', 'fin')
    stream.onClosed('client-reset')
    expect(stream.end).toBe('control-drop')
    expect(onEnded).toHaveBeenCalledTimes(1)
  })

  it('is a send timeout when the goodbye gets stuck', () => {
    const { stream } = testStream(clock)
    stream.finish('control-end')
    stream.cut('send-timeout', 'fin')
    expect(stream.end).toBe('send-timeout')
  })
})

describe('a flood', () => {
  it('joins 16 events a write, stops for back-pressure and for a pause, and goes on without a gap', () => {
    const schedule = new Schedule()
    const { stream, outlet } = testStream(clock)
    const flood = new Flood(stream, 1, 100, { clock, schedule })
    flood.start()
    clock.turn()
    outlet.isFull = true
    clock.turn()
    const before = stream.written
    expect(before).toBe(outlet.writes.length * 16)
    clock.turn()
    expect(stream.written).toBe(before)
    outlet.isFull = false
    schedule.pause(clock.nowUs())
    stream.onDrain()
    clock.turn()
    expect(stream.written).toBe(before)
    schedule.resume(clock.nowUs())
    flood.start()
    clock.turn()
    const after = stream.written
    expect(after).toBeGreaterThan(before)
    expect(stream).toMatchObject({ offered: after, written: after, dropped: 0, queued: 0 })
    expect(outlet.sequences()).toEqual(Array.from({ length: after }, (_, index) => index + 1))
  })

  it('ends after exactly `count` events', () => {
    const { stream, outlet } = testStream(clock, {}, { count: 37 })
    new Flood(stream, 11, 100, { clock, schedule: new Schedule() }).start()
    clock.turn()
    expect(outlet.sequences()).toEqual(Array.from({ length: 37 }, (_, index) => index + 11))
    expect(stream.end).toBe('count-reached')
  })
})
