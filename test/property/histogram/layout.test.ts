import fc from 'fast-check'
import { build, type JsHistogram } from 'hdr-histogram-js'
import { expect, test } from 'vitest'

import { bucketCount, bucketIndex, highestEquivalent, lowestEquivalent } from '../../../harness/histogram/layout.ts'

const LIMIT = 2 ** 53
const reference = build({
  bitBucketSize: 'packed',
  lowestDiscernibleValue: 1,
  highestTrackableValue: LIMIT,
  numberOfSignificantValueDigits: 3,
  useWebAssembly: false,
}) as JsHistogram

/** Uniform in the exponent, with both neighbours of every power of two. */
const anyValue = fc.oneof(
  fc.integer({ min: 0, max: 4100 }),
  fc
    .tuple(fc.integer({ min: 1, max: 53 }), fc.double({ min: 0.5, max: 1, noNaN: true }))
    .map(([bits, x]) => Math.floor(x * 2 ** bits)),
  fc
    .tuple(fc.integer({ min: 1, max: 52 }), fc.integer({ min: -1, max: 1 }))
    .map(([bits, step]) => Math.max(0, 2 ** bits + step)),
)

test('a value has the index that hdr-histogram-js gives it', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      expect(bucketIndex(value)).toBe(reference.countsArrayIndex(value))
    }),
    { numRuns: 5000 },
  )
})

test('a value lies between the borders of its bucket, and both borders belong to it', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      // The bucket of 2^53 ends at a number that a double cannot hold.
      fc.pre(value < LIMIT)
      const index = bucketIndex(value)
      const low = lowestEquivalent(index)
      const high = highestEquivalent(index)
      expect(low).toBeLessThanOrEqual(value)
      expect(high).toBeGreaterThanOrEqual(value)
      expect(bucketIndex(low)).toBe(index)
      expect(bucketIndex(high)).toBe(index)
      expect(bucketIndex(high + 1)).toBe(index + 1)
      // Three significant digits: a bucket is at most a thousandth of its value wide.
      expect(high - low).toBeLessThanOrEqual(value / 1000)
    }),
    { numRuns: 5000 },
  )
})

test('the bucket count reaches the highest value and no further', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      expect(bucketIndex(value)).toBe(bucketCount(value) - 1)
    }),
  )
})
