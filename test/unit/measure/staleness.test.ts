import { describe, expect, test } from 'vitest'

import { eventBytes } from '../../support/events.ts'
import { START } from '../../support/manual-clock.ts'
import { MS, Recorded, samplesFrom, SECOND } from './recorded.ts'

const TICK = 100 * MS

/** An event every 100 ms from `from` on, each due when it is received. */
function steadily(world: Recorded, stream: ReturnType<Recorded['opening']>, from: number, to: number) {
  for (let at = from; at < to; at += TICK) {
    world.at(at)
    world.event(stream, at / TICK)
  }
}

describe('the age of the newest event', () => {
  test('is sampled evenly although the period is the tick', () => {
    const world = new Recorded()
    world.measure()
    steadily(world, world.opening(), 0, 10 * SECOND)
    world.stop(10 * SECOND)
    const counts = world.exact(1, 'sse_staleness')
    const { count, sum, min, max } = counts.totals
    expect(count).toBe(100)
    expect(sum / count).toBeGreaterThan(48 * MS)
    expect(sum / count).toBeLessThan(52 * MS)
    expect(min).toBeLessThan(2 * MS)
    expect(max).toBeGreaterThan(98 * MS)
    for (const tenth of [1, 3, 5, 7, 9])
      expect(Math.abs(samplesFrom(counts, tenth * 10 * MS) - (100 - tenth * 10))).toBeLessThanOrEqual(2)
  })

  test('is spread over the streams too, so that they are not all caught at one moment', () => {
    const world = new Recorded()
    world.measure()
    const streams = Array.from({ length: 100 }, (_, stream) => world.opening(0, { stream }))
    for (const stream of streams) world.event(stream, 0)
    world.stop(TICK)
    const { count, sum, min, max } = world.exact(1, 'sse_staleness').totals
    expect(count).toBe(100)
    expect(sum / count / TICK).toBeCloseTo(0.5, 1)
    expect([min! < 2 * MS, max! > 98 * MS]).toEqual([true, true])
  })

  test('tells of a silence of 6 s by the share of time that it took', () => {
    const world = new Recorded()
    world.measure()
    const stream = world.opening()
    steadily(world, stream, 0, 4 * SECOND)
    world.at(10 * SECOND - TICK)
    world.event(stream, 40)
    world.stop(10 * SECOND)
    const counts = world.exact(1, 'sse_staleness')
    expect(counts.totals.count).toBe(100)
    expect(Math.abs(samplesFrom(counts, SECOND) - 50)).toBeLessThanOrEqual(1)
    expect(Math.abs(samplesFrom(counts, 3 * SECOND) - 30)).toBeLessThanOrEqual(1)
    expect(counts.totals.max).toBeGreaterThan(5.8 * SECOND)
    expect(counts.totals.max).toBeLessThan(6 * SECOND)
  })

  test('counts from when the event was due and not from its receipt', () => {
    const world = new Recorded()
    world.event(world.opening(), 0, -3 * SECOND)
    world.measure()
    world.stop(SECOND)
    const { count, min, max } = world.exact(1, 'sse_staleness').totals
    expect(count).toBe(10)
    expect(min).toBeGreaterThanOrEqual(3 * SECOND)
    expect(max).toBeLessThan(4 * SECOND)
  })

  test('counts from receipt where events carry no time', () => {
    const world = new Recorded()
    world.measure()
    const stream = world.user(0)
    stream.opened(START, {}, '')
    world.at(500 * MS)
    stream.event(world.clock.now(), eventBytes('hello'))
    world.stop(SECOND)
    expect(world.exact(1, 'sse_staleness').totals).toMatchObject({ count: 10 })
    expect(world.exact(1, 'sse_staleness').totals.max).toBeLessThan(500 * MS)
  })

  test('no stamp from the future makes old data look fresh', () => {
    const world = new Recorded()
    world.measure()
    const stream = world.opening()
    world.event(stream, 0, 3600 * SECOND)
    world.stop(SECOND)
    expect(world.exact(1, 'sse_staleness').totals.max).toBeGreaterThan(900 * MS)
  })

  test('a duplicate is no newer data', () => {
    const world = new Recorded()
    world.measure()
    const stream = world.opening()
    world.event(stream, 0)
    world.at(900 * MS)
    world.event(stream, 0, 900 * MS)
    world.stop(SECOND)
    expect(world.exact(1, 'sse_staleness').totals.max).toBeGreaterThan(900 * MS)
  })
})

test('before the first event the age counts from the intended start', () => {
  const world = new Recorded()
  world.measure()
  const stream = world.user(0)
  world.at(SECOND)
  world.open(stream)
  world.at(3 * SECOND)
  world.event(stream, 0)
  world.stop(3 * SECOND)
  const { count, sum, max } = world.exact(1, 'sse_staleness').totals
  expect(count).toBe(30)
  expect(sum / count / SECOND).toBeCloseTo(1.5, 1)
  expect(max).toBeGreaterThan(2.9 * SECOND)
})

describe('a loop that was busy', () => {
  const run = (readEvery: number) => {
    const world = new Recorded()
    world.measure()
    const stream = world.opening()
    // What was due meanwhile is read at the end of each stall.
    for (let end = readEvery; end <= 6 * SECOND; end += readEvery) {
      world.at(end)
      for (let due = end - readEvery; due < end; due += 50 * MS) world.event(stream, due / (50 * MS), due)
    }
    world.stop(6 * SECOND)
    return world.exact(1, 'sse_staleness')
  }

  test('loses no sample, and shows the age that its user saw', () => {
    const stalled = run(2 * SECOND)
    expect(stalled.totals.count).toBe(60)
    expect(run(50 * MS).totals.count).toBe(60)
    expect(Math.abs(samplesFrom(stalled, SECOND) - 30)).toBeLessThanOrEqual(4)
    expect(samplesFrom(run(50 * MS), SECOND)).toBe(0)
  })

  test('handing in often or once gives the same samples', () => {
    const counts = [100 * MS, 6 * SECOND].map((period) => {
      const world = new Recorded()
      world.measure()
      world.event(world.opening(), 0)
      let samples = 0
      for (let at = period; at <= 6 * SECOND; at += period) {
        world.at(at)
        for (const { set } of world.recorder.take(world.clock.now(), false).phases)
          samples += set.histograms.find(({ key }) => key === 'sse_staleness')?.exact?.count ?? 0
      }
      return samples
    })
    expect(counts).toEqual([60, 60])
  })
})

describe('which streams are sampled', () => {
  const until5 = (end: (world: Recorded, stream: ReturnType<Recorded['opening']>) => void) => {
    const world = new Recorded()
    world.measure()
    const stream = world.opening()
    world.event(stream, 0)
    world.at(SECOND)
    end(world, stream)
    world.stop(5 * SECOND)
    return world.exact(1, 'sse_staleness').totals
  }

  test('one that was lost goes on', () => {
    const { count, max } = until5((world, stream) => stream.ended(world.clock.now(), 'reset'))
    expect(count).toBe(50)
    expect(max).toBeGreaterThan(4.9 * SECOND)
  })

  test('one that failed for good goes on', () => {
    expect(
      until5((world, stream) => {
        stream.ended(world.clock.now(), 'reset')
        stream.failed(world.clock.now(), 'status')
        stream.finished(world.clock.now(), 'failed')
      }).count,
    ).toBe(50)
  })

  test('one that is done does not', () => {
    expect(
      until5((world, stream) => {
        stream.ended(world.clock.now(), 'max-events')
        stream.finished(world.clock.now(), 'done')
      }).count,
    ).toBe(10)
  })

  test('one that comes in the middle is, from its intended start on', () => {
    const world = new Recorded()
    world.measure()
    world.at(4 * SECOND)
    // Due a second ago.
    world.user(3 * SECOND)
    world.stop(5 * SECOND)
    const { count, max } = world.exact(1, 'sse_staleness').totals
    expect(count).toBe(20)
    expect(max).toBeGreaterThan(1.9 * SECOND)
    expect(max).toBeLessThan(2 * SECOND)
  })

  test('none outside of a measured phase, and the next one begins its own ticks', () => {
    const world = new Recorded()
    const stream = world.opening()
    world.event(stream, 0)
    world.measure(SECOND)
    world.stop(2 * SECOND)
    world.at(3 * SECOND)
    world.event(stream, 1)
    world.measure(3 * SECOND)
    world.stop(3.5 * SECOND)
    expect([0, 1, 2, 3, 4].map((phase) => world.exact(phase, 'sse_staleness').totals.count)).toEqual([0, 10, 0, 5, 0])
    expect(world.exact(3, 'sse_staleness').totals.max).toBeLessThan(500 * MS)
  })
})
