import fc from 'fast-check'
import { expect, test } from 'vitest'

import { Ranges } from '../../../harness/measure/ranges.ts'

/** Ranges above all others, below all others, and numbers taken out; the numbers themselves in a set beside them. */
const steps = fc.array(
  fc.oneof(
    fc.record({
      what: fc.constant('append' as const),
      gap: fc.integer({ min: 0, max: 3 }),
      length: fc.integer({ min: 1, max: 6 }),
    }),
    fc.record({
      what: fc.constant('prepend' as const),
      gap: fc.integer({ min: 0, max: 3 }),
      length: fc.integer({ min: 1, max: 6 }),
    }),
    fc.record({ what: fc.constant('remove' as const), gap: fc.integer({ min: 0, max: 60 }), length: fc.constant(1) }),
  ),
  { maxLength: 60 },
)
const START = 1000

function play(list: typeof steps extends fc.Arbitrary<infer T> ? T : never, limit: number) {
  const ranges = new Ranges(limit)
  const numbers = new Set<number>()
  let low = START
  let high = START - 1
  let taken = 0
  const add = (from: number, to: number) => {
    for (let n = from; n <= to; n += 1) numbers.add(n)
    low = Math.min(low, from)
    high = Math.max(high, to)
  }
  for (const { what, gap, length } of list) {
    if (what === 'append') {
      const from = high + 1 + gap
      ranges.append(from, from + length - 1)
      add(from, from + length - 1)
    } else if (what === 'prepend') {
      const to = low - 1 - gap
      ranges.prepend(to - length + 1, to)
      add(to - length + 1, to)
    } else {
      const value = low + gap
      const removed = ranges.remove(value)
      if (ranges.forgotten === 0) expect(removed).toBe(numbers.has(value))
      if (removed) {
        numbers.delete(value)
        taken += 1
      }
    }
  }
  return { ranges, numbers, taken }
}

test('hold the same numbers as a set, in order and without touching one another', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { ranges, numbers } = play(list, 1000)
      const listed = ranges.list(Infinity)
      const flat = listed.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i))
      expect(flat).toEqual([...numbers].toSorted((a, b) => a - b))
      expect(ranges.total()).toBe(numbers.size)
      expect(ranges.forgotten).toBe(0)
    }),
    { numRuns: 500 },
  )
})

test('never keep more than their limit, and count what they gave up', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), (list, limit) => {
      const { ranges, numbers } = play(list, limit)
      expect(ranges.list(Infinity).length).toBeLessThanOrEqual(limit)
      // Only what was really taken out is gone, so the total is exact all the same.
      expect(ranges.total()).toBe(numbers.size)
    }),
    { numRuns: 500 },
  )
})

test('list as many as asked for, the oldest first', () => {
  const ranges = new Ranges(10)
  for (const from of [1, 5, 9]) ranges.append(from, from + 1)
  expect(ranges.list(2)).toEqual([
    [1, 2],
    [5, 6],
  ])
})
