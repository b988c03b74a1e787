import { describe, expect, test } from 'vitest'

import { START } from '../../support/manual-clock.ts'
import { referenceEvent, referenceHeaders } from '../../support/events.ts'
import { pair, Recorded } from './recorded.ts'

describe('coming up', () => {
  test('counts from the intended start, and uncorrected from the actual one', () => {
    const world = new Recorded()
    const stream = world.user(0)
    world.at(100)
    stream.attempt(world.clock.now(), START)
    world.at(130)
    stream.connected(world.clock.now())
    world.at(170)
    stream.opened(world.clock.now(), referenceHeaders(1, 0), '')
    world.at(400)
    world.event(stream, 0)
    world.at(900)
    world.event(stream, 1)
    const sample = (key: 'connect' | 'headers' | 'first_event', suffix: '' | '_uncorrected') =>
      world.exact(0, `sse_${key}_duration${suffix}`).totals
    expect(sample('connect', '')).toMatchObject({ count: 1, max: 130 })
    expect(sample('connect', '_uncorrected')).toMatchObject({ count: 1, max: 30 })
    expect(sample('headers', '')).toMatchObject({ count: 1, max: 170 })
    expect(sample('headers', '_uncorrected')).toMatchObject({ count: 1, max: 70 })
    expect(sample('first_event', '')).toMatchObject({ count: 1, max: 400 })
    expect(sample('first_event', '_uncorrected')).toMatchObject({ count: 1, max: 300 })
  })

  test('a stream that never had an event is known to have waited until the cut-off', () => {
    const world = new Recorded()
    const stream = world.opening()
    world.at(800)
    stream.cutOff(world.clock.now())
    stream.cutOff(world.clock.now())
    expect(world.exact(0, 'sse_first_event_duration').totals.count).toBe(0)
    expect(world.censored(0, 'sse_first_event_duration').totals).toMatchObject({ count: 1, max: 800 })
  })
})

describe('an outage', () => {
  /** Event at 100, last byte at 150, lost at 200, attempt refused 260-270, attempt 300, open 340, old event 350, new 390. */
  const outage = () => {
    const world = new Recorded()
    const stream = world.opening()
    world.at(100)
    world.event(stream, 0)
    world.at(150)
    stream.read(world.clock.now(), 3)
    world.at(200)
    stream.ended(world.clock.now(), 'reset')
    world.at(260)
    stream.attempt(world.clock.now(), world.clock.now())
    world.at(270)
    stream.failed(world.clock.now(), 'refused')
    world.at(300)
    stream.attempt(world.clock.now(), world.clock.now())
    world.at(340)
    stream.opened(world.clock.now(), referenceHeaders(2, 1), '')
    world.at(350)
    world.event(stream, 0, 100)
    return { world, stream }
  }

  test('lasts from the last event before to the first new one after; an old one does not end it', () => {
    const { world, stream } = outage()
    expect(stream.isLost).toBe(true)
    world.at(390)
    world.event(stream, 1)
    expect(stream.isLost).toBe(false)
    world.at(500)
    world.event(stream, 2)
    expect(world.exact(0, 'sse_outage_duration').totals).toMatchObject({ count: 1, max: 290 })
    stream.cutOff(world.clock.now())
    expect(world.censored(0, 'sse_outage_duration').totals.count).toBe(0)
  })

  test('is split without a rest: silence, detect, waits and attempts, first event', () => {
    const { world, stream } = outage()
    world.at(390)
    world.event(stream, 1)
    const of = (part: 'detect' | 'wait' | 'attempt' | 'first_event') => world.exact(0, `sse_reconnect_${part}`).totals
    expect(of('detect')).toMatchObject({ count: 1, sum: 50 })
    expect(of('wait')).toMatchObject({ count: 2, min: 30, max: 60 })
    expect(of('attempt')).toMatchObject({ count: 1, sum: 40 })
    expect(of('first_event')).toMatchObject({ count: 1, sum: 50 })
    const silence = 150 - 100
    const refused = 270 - 260
    const parts = (['detect', 'wait', 'attempt', 'first_event'] as const).reduce((sum, part) => sum + of(part).sum, 0)
    expect(silence + refused + parts).toBe(world.exact(0, 'sse_outage_duration').totals.sum)
  })

  test('lost again before anything new came, it goes on', () => {
    const { world, stream } = outage()
    world.at(360)
    stream.ended(world.clock.now(), 'eof')
    world.at(400)
    world.open(stream, 1)
    world.at(450)
    world.event(stream, 1)
    expect(world.exact(0, 'sse_outage_duration').totals).toMatchObject({ count: 1, max: 100 + 250 - 0 })
    expect(world.exact(0, 'sse_reconnect_detect').totals.count).toBe(2)
  })

  test('still on at the cut-off it is known to last at least until then', () => {
    const { world, stream } = outage()
    world.at(1100)
    stream.cutOff(world.clock.now())
    expect(world.exact(0, 'sse_outage_duration').totals.count).toBe(0)
    expect(world.censored(0, 'sse_outage_duration').totals).toMatchObject({ count: 1, max: 1000 })
  })

  test('of a stream without any event counts from when it was open', () => {
    const world = new Recorded()
    const stream = world.user(0)
    world.at(60)
    world.open(stream)
    world.at(100)
    stream.ended(world.clock.now(), 'truncated')
    world.open(stream)
    world.at(160)
    world.event(stream, 0)
    expect(world.exact(0, 'sse_outage_duration').totals).toMatchObject({ count: 1, max: 100 })
    // The first event is its first, however many connections that took.
    expect(world.exact(0, 'sse_first_event_duration').totals).toMatchObject({ count: 1, max: 160 })
  })
})

describe('what is no loss', () => {
  test.each(['max-events', 'until', 'lifetime', 'disconnected', 'stopped'] as const)('our own end: %s', (reason) => {
    const world = new Recorded()
    const stream = world.opening()
    stream.ended(world.clock.now(), reason)
    expect([stream.isLost, world.tallies.unexpected]).toEqual([false, 0])
  })

  test('a clean end where the client does not reconnect completes the stream', () => {
    const world = new Recorded()
    const stream = world.opening(0, { endsCleanly: true })
    stream.ended(world.clock.now(), 'clean')
    expect([stream.isLost, world.tallies.unexpected, stream.balance().state]).toEqual([false, 0, 'done'])
  })

  test.each(['eof', 'truncated', 'reset', 'idle-timeout', 'protocol-error'] as const)(
    'but there %s is one still',
    (reason) => {
      const world = new Recorded()
      const stream = world.opening(0, { endsCleanly: true })
      stream.ended(world.clock.now(), reason)
      expect([stream.isLost, world.tallies.unexpected, stream.balance().state]).toEqual([true, 1, 'down'])
    },
  )

  test('a clean end of a stream that is to go on is one', () => {
    const world = new Recorded()
    const stream = world.opening()
    stream.ended(world.clock.now(), 'clean')
    expect([stream.isLost, world.tallies.unexpected, stream.balance().state]).toEqual([true, 1, 'down'])
  })
})

describe('planned ends', () => {
  test('are not unexpected, once, and the recovery is the first new event', () => {
    const world = new Recorded()
    const streams = pair((stream) => world.opening(0, { stream }))
    for (const stream of streams) world.event(stream, 0)
    for (const stream of streams) stream.expectEnd(2)
    world.at(100)
    streams[0].ended(world.clock.now(), 'clean')
    world.at(150)
    world.open(streams[0], 1)
    streams[0].event(world.clock.now(), referenceEvent(0, START))
    expect(world.tallies.hits[2]).toEqual({ affected: 1, recoveredAt: [] })
    world.at(180)
    world.event(streams[0], 1)
    world.at(200)
    world.event(streams[0], 2)
    expect(world.tallies.unexpected).toBe(0)
    expect(world.tallies.hits[2]).toEqual({ affected: 1, recoveredAt: [START + 180] })
    // The same stream again, without a plan.
    streams[0].ended(world.clock.now(), 'reset')
    expect(world.tallies.unexpected).toBe(1)
    world.open(streams[0], 3)
    world.event(streams[0], 3)
    expect(world.tallies.hits[2]).toEqual({ affected: 1, recoveredAt: [START + 180] })
  })

  test('are expected of open streams only', () => {
    const world = new Recorded()
    const stream = world.opening()
    stream.ended(world.clock.now(), 'reset')
    stream.expectEnd(0)
    world.open(stream)
    stream.ended(world.clock.now(), 'reset')
    expect(world.tallies).toMatchObject({ unexpected: 2, hits: [] })
  })

  test('a second fault before the stream has recovered leaves the first one its recovery', () => {
    const world = new Recorded()
    const stream = world.opening()
    for (const [fault, at] of [100, 200].entries()) {
      world.at(at)
      stream.expectEnd(fault)
      stream.ended(world.clock.now(), 'reset')
      world.open(stream)
    }
    world.at(300)
    world.event(stream, 0)
    const hit = { affected: 1, recoveredAt: [START + 300] }
    expect(world.tallies.hits).toEqual([hit, hit])
  })
})
