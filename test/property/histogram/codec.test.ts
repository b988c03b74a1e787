import fc from 'fast-check'
import { expect, test } from 'vitest'

import { decodeCounts, encodeCounts } from '../../../harness/histogram/codec.ts'
import { Counts } from '../../../harness/histogram/counts.ts'

const WEEK = 604_800_000_000
const values = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.double({ min: 0, max: 1, noNaN: true })))

test('what is encoded comes back with equal counts, and exactly so with the truth beside it', () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 2 ** 40 }), (drawn, factor) => {
      const counts = new Counts(WEEK)
      for (const [bits, x] of drawn) counts.record(Math.floor(x * 2 ** bits))
      const sparse = counts.toSparse()
      const many = new Counts(WEEK)
      if (sparse !== null) {
        const scaled = { counts: sparse.counts.map((c) => c * factor), count: sparse.count * factor }
        many.addSparse({ ...sparse, ...scaled, overflow: 0 })
      }
      const back = decodeCounts(encodeCounts(many), many.totals)
      expect(back.toSparse()).toEqual(many.toSparse())
      expect(back.highest).toBe(WEEK)
      const bare = decodeCounts(encodeCounts(many))
      expect(bare.toSparse()?.counts).toEqual(many.toSparse()?.counts)
      expect(bare.toSparse()?.indices).toEqual(many.toSparse()?.indices)
    }),
  )
})

test('what is no histogram is refused in words', () => {
  expect(() => decodeCounts('bm90IGEgaGlzdG9ncmFt')).toThrow('not an HdrHistogram')
  expect(() => decodeCounts('')).toThrow('not an HdrHistogram')
})
