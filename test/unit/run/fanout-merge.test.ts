import { describe, expect, test } from 'vitest'

import type { FanoutEntry } from '../../../harness/measure/fanout.ts'
import { FANOUT_LIMIT } from '../../../harness/measure/fanout.ts'
import { HistogramSet } from '../../../harness/measure/histogram-set.ts'
import { FanoutMerge } from '../../../harness/run/fanout-merge.ts'

const entry = (sequence: number, more: Partial<FanoutEntry> = {}): FanoutEntry => ({
  ...{ channel: 'a', sequence, stamp: 1000, last: 1100, received: 2, expected: 2, ...more },
})

/** What is recorded of each worker's entries, in the order in which they are handed in. */
function merged(workers: readonly FanoutEntry[][], offset = 0) {
  const set = new HistogramSet()
  const merge = new FanoutMerge(
    (stamp) => (stamp >= 0 ? set : null),
    () => offset,
  )
  for (const entries of workers) merge.add(entries)
  merge.settle(0, true)
  const { count, min, max } = set.exact('sse_fanout_duration').totals
  return { count, min, max, incomplete: set.counters.sse_fanout_incomplete }
}

describe('entries of several workers', () => {
  test('are complete with the last stream of the last of them', () => {
    expect(merged([[entry(0)], [entry(0, { last: 1300 })], [entry(0, { last: 1200 })]])).toEqual({
      ...{ count: 1, min: 300, max: 300, incomplete: 0 },
    })
  })

  test('are incomplete when one stream of one of them lacks it', () => {
    expect(merged([[entry(0)], [entry(0, { received: 1 })]])).toMatchObject({ count: 0, incomplete: 1 })
  })

  test('of one stream each are a fan-out together', () => {
    const one = entry(0, { received: 1, expected: 1 })
    expect(merged([[one]])).toMatchObject({ count: 0, incomplete: 0 })
    expect(merged([[one], [one]])).toMatchObject({ count: 1, incomplete: 0 })
  })

  test('are told apart by number and channel, and theirs are left as they were', () => {
    const entries = [entry(0), entry(1, { last: 1500 }), entry(0, { channel: 'b', last: 1900 })]
    expect(merged([entries, entries])).toMatchObject({ count: 3, min: 100, max: 900 })
    expect(entries[0]).toEqual(entry(0))
  })

  test('over the limit are incomplete, at it they are not', () => {
    expect(merged([[entry(0, { last: 1000 + FANOUT_LIMIT })]])).toMatchObject({ count: 1, incomplete: 0 })
    expect(merged([[entry(0, { last: 1001 + FANOUT_LIMIT })]])).toMatchObject({ count: 0, incomplete: 1 })
  })

  test('count from the stamp on our clock', () => {
    expect(merged([[entry(0)]], -50)).toMatchObject({ count: 1, max: 150 })
    // A negative duration is none.
    expect(merged([[entry(0)]], 200)).toMatchObject({ count: 0, incomplete: 0 })
  })

  test('due outside of all measured phases are left out', () => {
    expect(merged([[entry(0, { stamp: -1 })]])).toMatchObject({ count: 0, incomplete: 0 })
  })

  test('of a stream each with sequences of their own are recognised by their stamps', () => {
    const own = (sequence: number, stamp: number) =>
      entry(sequence, { stamp, received: 1, expected: 1, last: stamp + 9 })
    const other = entry(0, { channel: 'b' })
    expect(
      merged([
        [own(0, 1000), own(1, 2000), other],
        [own(0, 1003), own(1, 2003)],
        [own(1, 2000), own(2, 3000)],
        [own(2, 3000)],
      ]),
    ).toMatchObject({ count: 1, incomplete: 0, max: 100 })
  })
})

test('an event is settled once every worker must have handed it in, and once only', () => {
  const set = new HistogramSet()
  const merge = new FanoutMerge(
    () => set,
    () => 0,
  )
  const count = () => set.exact('sse_fanout_duration').totals.count
  merge.add([entry(0)])
  merge.settle(1000 + 3 * FANOUT_LIMIT - 1, false)
  expect(count()).toBe(0)
  merge.settle(1000 + 3 * FANOUT_LIMIT, false)
  merge.settle(0, true)
  expect(count()).toBe(1)
})
