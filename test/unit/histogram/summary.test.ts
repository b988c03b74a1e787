import { describe, expect, test } from 'vitest'

import { Counts } from '../../../harness/histogram/counts.ts'
import { quantileOf } from '../../../harness/histogram/percentiles.ts'
import { censoredCounts, metricCounts, samplesNeeded, summarise } from '../../../harness/histogram/summary.ts'

const HOUR = 3_600_000_000
const of = (...values: number[]) => {
  const counts = new Counts(HOUR)
  for (const value of values) counts.record(value)
  return counts
}
const upTo = (n: number, step = 1) => of(...Array.from({ length: n }, (_, i) => (i + 1) * step))

describe('independent samples', () => {
  test('a percentile needs ten beyond it', () => {
    expect([0.5, 0.9, 0.95, 0.99, 0.999].map(samplesNeeded)).toEqual([20, 100, 200, 1000, 10_000])
  })

  test('a thousand samples of few bursts carry few percentiles', () => {
    expect(summarise(upTo(1000), null, 100)).toMatchObject({ count: 1000, independent: 100, p50: 500, p90: 900 })
    expect(summarise(upTo(1000), null, 100)).toMatchObject({ p95: null, p99: null, p999: null, lowerBounds: [] })
    expect(summarise(upTo(1000), null, 99)).toMatchObject({ p50: 500, p90: null })
    expect(summarise(upTo(1000), null, 19)).toMatchObject({ p50: null, max: 1000 })
  })

  test('a lower bound is no way around the rule', () => {
    expect(summarise(of(1), upTo(50), 50)).toMatchObject({ p50: 50, p90: null, lowerBounds: ['p50', 'max'] })
  })
})

describe('what stands in the record', () => {
  test('mean from the sum, true ends, the names of what is only a bound', () => {
    const metric = summarise(of(5001, 6003), of(70_001), 2, ['p99'])
    expect(metric).toMatchObject({ kind: 'histogram', unit: 'us', count: 3, censored: 1, overflow: 0 })
    expect(metric).toMatchObject({ min: 5001, max: 70_001, mean: 27_001.666666666668 })
    expect(metric).toMatchObject({ lowerBounds: ['max'], clientBound: ['p99'] })
  })

  test('an exact sample as large as the largest open one makes the max exact', () => {
    expect(summarise(of(9), of(9), 2).lowerBounds).toEqual([])
  })

  test('nothing recorded is null, not zero', () => {
    const metric = summarise(new Counts(HOUR), null, 0)
    expect(metric).toMatchObject({ count: 0, min: null, max: null, mean: null, p50: null, hdrCensored: null })
  })

  test('overflow counts apart and lifts the mean and the max', () => {
    expect(summarise(of(10, HOUR + 10), null, 2)).toMatchObject({ count: 1, overflow: 1, max: HOUR + 10 })
    expect(summarise(of(10, HOUR + 10), null, 2).mean).toBe(HOUR / 2 + 10)
  })
})

describe('back from a record', () => {
  test('exact samples alone come back whole', () => {
    const counts = of(5001, 6003, 6003, 123_456_789)
    expect(metricCounts(summarise(counts, null, 4)).toSparse()).toEqual(counts.toSparse())
    expect(censoredCounts(summarise(counts, null, 4))).toBeNull()
  })

  test('summarising again gives the same percentiles', () => {
    const exact = upTo(5000, 77)
    const open = of(100_003, 300_007, 900_001)
    const metric = summarise(exact, open, 5003)
    const again = summarise(metricCounts(metric), censoredCounts(metric), metric.independent)
    expect(again).toEqual({ ...metric, mean: expect.closeTo(metric.mean ?? 0, 6) })
    expect(metricCounts(metric).totals.count).toBe(5000)
    expect(censoredCounts(metric)?.totals.max).toBe(900_001)
  })

  test('overflow and an empty histogram come back too', () => {
    expect(metricCounts(summarise(of(10, HOUR + 10), null, 2)).totals).toEqual(of(10, HOUR + 10).totals)
    expect(metricCounts(summarise(of(), null, 0)).toSparse()).toBeNull()
    expect(quantileOf(metricCounts(summarise(of(), of(5), 1)), of(5), 0.5)?.value).toBe(5)
  })
})
