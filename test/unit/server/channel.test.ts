import { beforeEach, describe, expect, it } from 'vitest'

import { Channel } from '../../../server/channel.ts'
import { Schedule } from '../../../server/schedule.ts'
import { newTotals } from '../../../server/totals.ts'
import { channelSpec, ManualClock, sentEvents, testStream } from './support.ts'

let clock: ManualClock
let schedule: Schedule
const totals = newTotals()

function makeChannel(rate: number, replayEvents = 1000): Channel {
  return new Channel(channelSpec(rate), { clock, schedule, totals, replayEvents, replayBytes: 1e9 })
}

beforeEach(() => {
  clock = new ManualClock()
  schedule = new Schedule()
})

describe('a schedule', () => {
  it('has event n due at start + n x period, without drift over a rate that does not divide', () => {
    const startUs = clock.nowUs()
    const channel = makeChannel(3)
    const { stream, outlet } = testStream(clock)
    channel.join(stream, null)
    clock.advanceMs(20_001)
    const events = sentEvents(outlet)
    expect(events).toHaveLength(60)
    expect(events.map((event) => event.dueAt)).toEqual(
      Array.from({ length: 60 }, (_, index) => startUs + Math.floor(((index + 1) * 1e6) / 3)),
    )
  })

  it('never sends before due when timers fire early', () => {
    clock.earlyUs = 600
    const channel = makeChannel(100)
    const { stream, outlet } = testStream(clock)
    channel.join(stream, null)
    clock.advanceMs(1005)
    const events = sentEvents(outlet)
    expect(events.length).toBeGreaterThanOrEqual(99)
    for (const event of events) expect(event.sentAt).toBeGreaterThanOrEqual(event.dueAt)
  })

  it('sends everything that came due while the process stood still, in one write, each with its own due time', () => {
    const channel = makeChannel(10)
    const { stream, outlet } = testStream(clock)
    channel.join(stream, null)
    clock.stallMs(5000)
    const resumedAt = clock.nowUs()
    clock.advanceMs(0)
    const events = sentEvents(outlet)
    expect(outlet.writes).toHaveLength(1)
    expect(events.map((event) => event.seq)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
    expect(new Set(events.map((event) => event.sentAt))).toEqual(new Set([resumedAt]))
    expect((events[49]?.dueAt ?? 0) - (events[0]?.dueAt ?? 0)).toBe(49 * 100_000)
  })

  it('loses nothing when more is due than one batch holds', () => {
    const channel = makeChannel(10_000, 0)
    const { stream, outlet } = testStream(clock)
    channel.join(stream, null)
    clock.stallMs(3000)
    clock.advanceMs(0)
    for (let turn = 0; turn < 10; turn++) clock.turn()
    expect(outlet.sequences()).toEqual(Array.from({ length: 30_000 }, (_, index) => index + 1))
    expect(outlet.writes.length).toBeGreaterThan(1)
  })

  it('encodes an event once for all streams', () => {
    const channel = makeChannel(10)
    const streams = [1, 2, 3].map(() => testStream(clock))
    for (const { stream } of streams) channel.join(stream, null)
    clock.advanceMs(100)
    expect(streams[0]?.outlet.writes[0]).toBeDefined()
    expect(streams.every(({ outlet }) => outlet.writes[0] === streams[0]?.outlet.writes[0])).toBe(true)
  })

  it('stops its timer', () => {
    const channel = makeChannel(10)
    channel.stop()
    expect(clock.timers).toBe(0)
  })
})

describe('a pause', () => {
  it('shifts every later due time by its length and loses no event', () => {
    const startUs = clock.nowUs()
    const channel = makeChannel(10)
    const { stream, outlet } = testStream(clock)
    channel.join(stream, null)
    clock.advanceMs(250)
    schedule.pause(clock.nowUs())
    channel.arm()
    clock.advanceMs(10_000)
    expect(channel.head).toBe(2)
    schedule.resume(clock.nowUs())
    channel.arm()
    clock.advanceMs(150)
    expect(outlet.sequences()).toEqual([1, 2, 3, 4])
    expect(sentEvents(outlet)[2]?.dueAt).toBe(startUs + 300_000 + 10_000_000)
  })

  it('holds for a channel that is made during it', () => {
    schedule.pause(clock.nowUs())
    const channel = makeChannel(10)
    clock.advanceMs(5000)
    expect(channel.head).toBe(0)
    schedule.resume(clock.nowUs())
    channel.arm()
    clock.advanceMs(200)
    expect(channel.head).toBe(2)
  })
})

describe('a delay', () => {
  it('changes when an event is sent, not when it was due', () => {
    const channel = makeChannel(10)
    const { stream, outlet } = testStream(clock)
    channel.join(stream, null)
    schedule.delay(40_000, Infinity)
    channel.arm()
    clock.advanceMs(1040)
    const lateness = sentEvents(outlet).map((event) => event.sentAt - event.dueAt)
    expect(lateness).toEqual(Array.from({ length: 10 }, () => 40_000))
  })

  it('lets go of what it holds when its time is over', () => {
    const channel = makeChannel(10)
    const { stream, outlet } = testStream(clock)
    channel.join(stream, null)
    schedule.delay(60_000_000, clock.nowUs() + 1_000_000)
    channel.arm()
    clock.advanceMs(999)
    expect(outlet.writes).toHaveLength(0)
    clock.advanceMs(1)
    expect(outlet.sequences()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    clock.advanceMs(100)
    expect(outlet.sequences()).toHaveLength(11)
  })
})

describe('resuming', () => {
  it('replays before live with no gap and no duplicate', () => {
    const channel = makeChannel(10)
    clock.advanceMs(1000)
    const { stream, outlet } = testStream(clock)
    channel.join(stream, 4)
    clock.advanceMs(300)
    expect(outlet.sequences()).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13])
    expect(outlet.text()).not.toContain('event: gap')
  })

  it('tells the gap when the buffer does not reach back far enough', () => {
    const channel = makeChannel(10, 3)
    clock.advanceMs(1000)
    const { stream, outlet } = testStream(clock)
    channel.join(stream, 4)
    clock.advanceMs(100)
    expect(outlet.text().startsWith('event: gap\ndata: {"from":5,"oldest":8}\n\n')).toBe(true)
    expect(outlet.sequences()).toEqual([8, 9, 10, 11])
  })

  it('tells the gap without a buffer', () => {
    const channel = makeChannel(10, 0)
    clock.advanceMs(1000)
    const { stream, outlet } = testStream(clock)
    channel.join(stream, 10)
    const behind = testStream(clock)
    channel.join(behind.stream, 9)
    clock.advanceMs(100)
    expect(outlet.text()).not.toContain('event: gap')
    expect(behind.outlet.text()).toContain('data: {"from":10,"oldest":11}')
    expect(behind.outlet.sequences()).toEqual([11])
  })

  it('sends only live events after an id from the future', () => {
    const channel = makeChannel(10)
    clock.advanceMs(1000)
    const { stream, outlet } = testStream(clock)
    channel.join(stream, 999)
    clock.advanceMs(100)
    expect(outlet.sequences()).toEqual([11])
  })
})
