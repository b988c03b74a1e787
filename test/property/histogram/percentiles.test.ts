import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { toHdr } from '../../../harness/histogram/codec.ts'
import { Counts } from '../../../harness/histogram/counts.ts'
import { bucketIndex, highestEquivalent } from '../../../harness/histogram/layout.ts'
import { quantileOf } from '../../../harness/histogram/percentiles.ts'

const HOUR = 3_600_000_000
const QS = [0.001, 0.07, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1]

const of = (values: readonly number[], highest = HOUR) => {
  const counts = new Counts(highest)
  for (const value of values) counts.record(value)
  return counts
}
const value = fc.oneof(
  fc.integer({ min: 0, max: 30 }),
  fc.integer({ min: 0, max: 100_000 }),
  fc.integer({ min: 0, max: HOUR }),
)
const samples = fc.array(value, { minLength: 1, maxLength: 300 })

describe('without censoring', () => {
  test('equals the sorted samples at the same rank, to the width of a bucket and never above the true max', () => {
    fc.assert(
      fc.property(samples, fc.constantFrom(...QS), (raw, q) => {
        const sorted = raw.toSorted((a, b) => a - b)
        const rank = Math.max(1, Math.ceil(q * raw.length - 1e-9))
        const inBucket = highestEquivalent(bucketIndex(sorted[rank - 1] ?? NaN))
        const largest = sorted.at(-1) ?? NaN
        expect(quantileOf(of(raw), null, q)).toEqual({ value: Math.min(inBucket, largest), lowerBound: false })
      }),
    )
  })

  test('equals hdr-histogram-js, which does not know the true max', () => {
    fc.assert(
      fc.property(samples, fc.constantFrom(...QS), (raw, q) => {
        const counts = of(raw)
        const theirs = toHdr(counts).getValueAtPercentile(100 * q)
        expect(quantileOf(counts, null, q)?.value).toBe(Math.min(theirs, Math.max(...raw)))
      }),
    )
  })

  test('an empty censored histogram changes nothing', () => {
    fc.assert(
      fc.property(samples, fc.constantFrom(...QS), (raw, q) => {
        expect(quantileOf(of(raw), new Counts(HOUR), q)).toEqual(quantileOf(of(raw), null, q))
      }),
    )
  })
})

/** The product-limit estimator on raw samples in exact fractions, so that no rounding of ours is in it. */
function bruteForce(exact: number[], censored: number[], perMille: number): { value: number; lowerBound: boolean } {
  const all = [...exact.map((at) => ({ at, open: false })), ...censored.map((at) => ({ at, open: true }))]
  const events = all.toSorted((a, b) => a.at - b.at || Number(a.open) - Number(b.open))
  let numerator = 1n
  let denominator = 1n
  for (const [i, { at, open }] of events.entries()) {
    if (open) continue
    const atRisk = BigInt(events.length - i)
    numerator *= atRisk - 1n
    denominator *= atRisk
    // S <= 1 - q
    if (numerator * 1000n <= BigInt(1000 - perMille) * denominator) return { value: at, lowerBound: false }
  }
  return { value: events.at(-1)?.at ?? 0, lowerBound: true }
}

describe('with censored samples', () => {
  // Below 2048 a bucket is one value, so the histogram loses nothing and must agree exactly.
  const small = fc.integer({ min: 0, max: 40 })

  test('equals the product-limit estimator on the raw samples', () => {
    fc.assert(
      fc.property(
        fc.array(small, { maxLength: 60 }),
        fc.array(small, { minLength: 1, maxLength: 60 }),
        fc.constantFrom(1, 100, 500, 900, 950, 990, 999),
        (exact, censored, perMille) => {
          expect(quantileOf(of(exact), of(censored), perMille / 1000)).toEqual(bruteForce(exact, censored, perMille))
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('never reports less than the survivors alone would', () => {
    fc.assert(
      fc.property(samples, samples, fc.constantFrom(...QS), (exact, censored, q) => {
        const alone = quantileOf(of(exact), null, q)!.value
        expect(quantileOf(of(exact), of(censored), q)!.value).toBeGreaterThanOrEqual(alone)
      }),
    )
  })
})

describe('borders', () => {
  test('the product 0.07 * 100 is a little above 7 in doubles and still means rank 7', () => {
    const hundred = of(Array.from({ length: 100 }, (_, i) => i + 1))
    expect(quantileOf(hundred, null, 0.07)?.value).toBe(7)
  })

  test('no samples have no percentile', () => {
    expect(quantileOf(new Counts(HOUR), null, 0.5)).toBeNull()
    expect(quantileOf(new Counts(HOUR), new Counts(HOUR), 0.5)).toBeNull()
  })

  test('only censored samples give their largest as a lower bound', () => {
    expect(quantileOf(new Counts(HOUR), of([5, 70_001]), 0.5)).toEqual({ value: 70_001, lowerBound: true })
  })

  test('at equal values the exact sample comes first', () => {
    expect(quantileOf(of([10]), of([10]), 0.5)).toEqual({ value: 10, lowerBound: false })
    expect(quantileOf(of([11]), of([10]), 0.5)).toEqual({ value: 11, lowerBound: false })
    expect(quantileOf(of([10]), of([11]), 0.9)).toEqual({ value: 11, lowerBound: true })
  })

  test('samples above the range push percentiles up instead of vanishing', () => {
    expect(quantileOf(of([1, 2, 5000, 6000], 1000), null, 0.5)).toEqual({ value: 2, lowerBound: false })
    expect(quantileOf(of([1, 2, 5000, 6000], 1000), null, 0.75)).toEqual({ value: 1000, lowerBound: true })
    expect(quantileOf(of([1, 5000], 1000), of([3], 1000), 0.9)).toEqual({ value: 1000, lowerBound: true })
  })
})
