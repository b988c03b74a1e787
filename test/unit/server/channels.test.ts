import { describe, expect, it } from 'vitest'

import { Channels } from '../../../server/channels.ts'
import { ControlPanel } from '../../../server/control-panel.ts'
import { Schedule } from '../../../server/schedule.ts'
import { Streams } from '../../../server/streams.ts'
import { newTotals } from '../../../server/totals.ts'
import { channelSpec, FakeOutlet, ManualClock } from './support.ts'

function makeServer() {
  const clock = new ManualClock()
  const totals = newTotals()
  const schedule = new Schedule()
  const channels = new Channels({ clock, schedule, totals, replayEvents: 1000, replayBytes: 1e9, lingerMs: 30_000 })
  const streams = new Streams({
    clock,
    totals,
    queue: { items: 10, bytes: 10_000 },
    policy: 'drop-oldest',
    heartbeatMs: 0,
    sendTimeoutMs: 10_000,
    endedKept: 10,
    onEnded: (stream) => channels.leave(stream),
  })
  const open = (rate = 10, lastEventId: number | null = null) => {
    const spec = channelSpec(rate)
    const seat = channels.seat(spec, lastEventId)
    const stream = streams.create(spec.key, lastEventId, Infinity)
    const outlet = new FakeOutlet()
    stream.attach(outlet)
    seat.take(stream)
    return { seat, stream, outlet }
  }
  const idleTimers = clock.timers
  return { clock, channels, streams, open, idleTimers, panel: new ControlPanel({ clock, schedule, channels, streams }) }
}

describe('a channel', () => {
  it('tells a new stream the number of its first live event', () => {
    const { clock, open } = makeServer()
    expect(open().seat.next).toBe(1)
    clock.advanceMs(1000)
    const second = open()
    clock.advanceMs(100)
    expect(second.seat.next).toBe(11)
    expect(second.outlet.sequences()).toEqual([11])
  })

  it('goes on without streams for the linger, and can be resumed', () => {
    const { clock, open, channels } = makeServer()
    const { stream } = open()
    clock.advanceMs(1000)
    stream.onClosed('client-closed')
    clock.advanceMs(20_000)
    expect(channels.list()[0]).toMatchObject({ head: 210, streams: 0 })
    const resumed = open(10, 10)
    clock.advanceMs(60_000)
    expect(resumed.outlet.sequences()[0]).toBe(11)
    expect(channels.size).toBe(1)
  })

  it('is gone after the linger, with its timers', () => {
    const { clock, open, channels, idleTimers } = makeServer()
    const { stream } = open()
    stream.onClosed('client-closed')
    clock.advanceMs(30_000)
    expect(channels.size).toBe(0)
    expect(clock.timers).toBe(idleTimers)
    expect(open(10, 5).seat).toMatchObject({ next: 1, isKnown: false })
  })

  it('does not stay when its first stream never came', () => {
    const { clock, channels, idleTimers } = makeServer()
    channels.seat(channelSpec(10), null)
    clock.advanceMs(30_000)
    expect(clock.timers).toBe(idleTimers)
  })

  it('is kept apart by rate and size', () => {
    const { open, channels } = makeServer()
    open(10)
    open(20)
    expect(channels.list().map(({ key }) => key)).toEqual(['c/10/100', 'c/20/100'])
  })

  it('is none for rate 0: each stream has its own sequence and can resume anywhere', () => {
    const { open, channels, streams } = makeServer()
    const { seat, stream } = open(0, 41)
    expect(seat.next).toBe(42)
    expect(channels.size).toBe(0)
    stream.onClosed('client-closed')
    expect(streams.size).toBe(0)
  })
})

describe('the control panel', () => {
  it('sends what is due before it pauses, and answers with the heads', () => {
    const { clock, open, panel } = makeServer()
    const { outlet } = open()
    clock.stallMs(1000)
    const result = panel.apply({ action: 'pause' })
    expect(result).toMatchObject({ paused: true, channels: [{ head: 10 }] })
    clock.advanceMs(5000)
    panel.apply({ action: 'pause' })
    expect(outlet.sequences()).toHaveLength(10)
    panel.apply({ action: 'resume' })
    clock.advanceMs(1000)
    expect(outlet.sequences()).toHaveLength(20)
  })

  it('stops and resumes streams of rate 0 as well', () => {
    const { clock, open, panel } = makeServer()
    const { stream } = open(0)
    clock.turn()
    const before = stream.written
    expect(before).toBeGreaterThan(0)
    panel.apply({ action: 'pause' })
    clock.turn()
    clock.turn()
    expect(stream.written).toBe(before)
    panel.apply({ action: 'resume' })
    clock.turn()
    expect(stream.written).toBeGreaterThan(before)
  })

  it('drops exactly the share', () => {
    const { open, panel } = makeServer()
    const all = Array.from({ length: 10 }, () => open())
    expect(panel.apply({ action: 'drop', share: 0.3, mode: 'fin' })).toMatchObject({ dropped: 3 })
    expect(all.filter(({ outlet }) => outlet.cuts.length === 1)).toHaveLength(3)
    expect(panel.apply({ action: 'end', share: 1 })).toMatchObject({ ended: 7 })
    expect(all.filter(({ outlet }) => outlet.ended === 1)).toHaveLength(7)
  })

  it('refuses for as long as it is told, and forgets all faults', () => {
    const { clock, open, panel } = makeServer()
    panel.apply({ action: 'fail', status: 503, forMs: 100, retryAfter: 3 })
    expect(panel.fail).toMatchObject({ status: 503, retryAfter: 3 })
    clock.advanceMs(100)
    expect(panel.fail).toBeNull()
    panel.apply({ action: 'fail', status: 500, forMs: null, retryAfter: null })
    panel.apply({ action: 'delay', ms: 500, forMs: null })
    panel.apply({ action: 'pause' })
    const { outlet } = open()
    expect(panel.apply({ action: 'reset-faults' })).toMatchObject({ paused: false, delayMs: 0, fail: null })
    clock.advanceMs(100)
    expect(outlet.sequences()).toEqual([1])
  })
})
