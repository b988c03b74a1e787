import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { Counts } from '../../../harness/histogram/counts.ts'
import { QueueDelay } from '../../../harness/measure/queue-delay.ts'
import { ManualClock } from '../../support/manual-clock.ts'

beforeEach(() => vi.useFakeTimers({ toFake: ['setImmediate', 'clearImmediate'] }))
afterEach(() => vi.useRealTimers())

/** Turns of the loop: at which time each read of it starts, and when the turn is over. */
function delaysOf(turns: readonly { reads: number[]; end: number }[]): number[] {
  const clock = new ManualClock()
  const start = clock.now()
  const queue = new QueueDelay(() => clock.now())
  const delays: number[] = []
  for (const { reads, end } of turns) {
    for (const at of reads) {
      clock.moveTo(start + at)
      const counts = new Counts(2000)
      queue.read(clock.now(), counts)
      delays.push(counts.totals.sum)
    }
    clock.moveTo(start + end)
    vi.runAllTimers()
  }
  return delays
}

test('a read may have waited since the first one of its turn', () => {
  expect(delaysOf([{ reads: [100, 130, 180], end: 200 }])).toEqual([0, 30, 80])
})

test('and through all of the turn before, when that ended just then', () => {
  const turns = [
    { reads: [0], end: 500 },
    { reads: [510, 560], end: 600 },
    { reads: [799], end: 800 },
  ]
  expect(delaysOf(turns)).toEqual([0, 500, 550, 90])
})

test('but not when the loop was idle in between', () => {
  expect(
    delaysOf([
      { reads: [0], end: 500 },
      { reads: [700], end: 710 },
    ]),
  ).toEqual([0, 0])
})

test('reads that are not recorded still tell of the turn', () => {
  const clock = new ManualClock()
  const queue = new QueueDelay(() => clock.now())
  const counts = new Counts(2000)
  queue.read(clock.now(), null)
  clock.advance(70)
  queue.read(clock.now(), counts)
  expect(counts.totals).toMatchObject({ count: 1, max: 70 })
})

test('costs one immediate for each turn', () => {
  const queue = new QueueDelay(() => 0)
  for (let i = 0; i < 5; i += 1) queue.read(0, null)
  expect(vi.getTimerCount()).toBe(1)
})
