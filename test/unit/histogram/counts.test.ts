import { describe, expect, test } from 'vitest'

import { Counts } from '../../../harness/histogram/counts.ts'
import { bucketIndex } from '../../../harness/histogram/layout.ts'

const HOUR = 3_600_000_000

const of = (values: number[], highest = HOUR) => {
  const counts = new Counts(highest)
  for (const value of values) counts.record(value)
  return counts
}

describe('totals', () => {
  test('are empty without samples', () => {
    expect(new Counts(HOUR).totals).toEqual({ count: 0, overflow: 0, min: null, max: null, sum: 0 })
    expect(new Counts(HOUR).takeSparse()).toBeNull()
  })

  test('keep the true min, max and sum, not those of the buckets', () => {
    expect(of([5001, 123_457, 0, 7]).totals).toEqual({ count: 4, overflow: 0, min: 0, max: 123_457, sum: 128_465 })
  })

  test('the highest value is within range, one more is overflow', () => {
    const counts = of([HOUR, HOUR + 1])
    expect(counts.totals).toEqual({ count: 1, overflow: 1, min: HOUR, max: HOUR + 1, sum: 2 * HOUR + 1 })
    expect(counts.countAt(bucketIndex(HOUR))).toBe(1)
  })

  test('only overflow still leaves the histogram', () => {
    expect(of([HOUR + 5]).takeSparse()).toMatchObject({ count: 0, overflow: 1, max: HOUR + 5 })
  })

  test('count exactly above 2^32', () => {
    const counts = new Counts(HOUR)
    const many = { indices: Uint32Array.of(9), counts: Float64Array.of(2 ** 33), min: 9, max: 9, sum: 9 * 2 ** 33 }
    counts.addSparse({ ...many, count: 2 ** 33, overflow: 0 })
    counts.record(9)
    counts.record(9)
    expect(counts.countAt(9)).toBe(2 ** 33 + 2)
    expect(counts.totals.count).toBe(2 ** 33 + 2)
  })
})

describe('handing over', () => {
  test('takeSparse gives the buckets ascending and starts again from nothing', () => {
    const counts = of([70_000, 3, 3])
    const sparse = counts.takeSparse()
    expect([...(sparse?.indices ?? [])]).toEqual([3, bucketIndex(70_000)])
    expect([...(sparse?.counts ?? [])]).toEqual([2, 1])
    expect(sparse).toMatchObject({ min: 3, max: 70_000, sum: 70_006, count: 3, overflow: 0 })
    expect(counts.takeSparse()).toBeNull()
    expect(counts.totals).toEqual(new Counts(HOUR).totals)
    counts.record(5)
    expect(counts.totals).toEqual({ count: 1, overflow: 0, min: 5, max: 5, sum: 5 })
    expect(counts.countAt(3)).toBe(0)
  })

  test('what was handed over in parts adds up to the whole', () => {
    const parts = new Counts(HOUR)
    const worker = new Counts(HOUR)
    for (const values of [[1, 900_000], [HOUR + 1], [2500, 2501]]) {
      for (const value of values) worker.record(value)
      parts.addSparse(worker.takeSparse()!)
    }
    expect(parts).toEqual(of([1, 900_000, HOUR + 1, 2500, 2501]))
    expect(parts.toSparse()).toEqual(of([1, 900_000, HOUR + 1, 2500, 2501]).toSparse())
  })

  test('add adds by bucket', () => {
    const sum = of([1, 5000])
    sum.add(of([5000, 2_000_000]))
    sum.add(new Counts(HOUR))
    expect(sum.toSparse()).toEqual(of([1, 5000, 5000, 2_000_000]).toSparse())
  })

  test('ranges that differ are not mixed up', () => {
    expect(() => of([1]).add(of([1], 1000))).toThrow('cannot be added')
    expect(() => new Counts(1000).addSparse(of([5000]).toSparse()!)).toThrow('above the range')
  })
})
