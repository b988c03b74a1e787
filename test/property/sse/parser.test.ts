import fc from 'fast-check'
import { expect, it } from 'vitest'

import { collect } from '../../unit/sse/collect.ts'
import { referenceParse } from '../../unit/sse/reference-parser.ts'

/** Bytes that have a meaning here, so that random streams are full of fields, line ends and broken UTF-8. */
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('\n', '\r', '\r\n', '\n\n', ':', ' ', '\0') },
  { weight: 4, arbitrary: fc.constantFrom('data', 'event', 'id', 'retry', 'data: ', 'id: ', 'event:', 'retry:') },
  { weight: 1, arbitrary: fc.constantFrom('\uFEFF', 'dat', 'ret', '123', '0') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
)
const broken = fc.uint8Array({ maxLength: 4 })
const stream = fc
  .array(fc.oneof({ weight: 9, arbitrary: piece.map((text) => Buffer.from(text)) }, { weight: 1, arbitrary: broken }), {
    maxLength: 40,
  })
  .map((parts) => Buffer.concat(parts))

it('agrees with the reference on any bytes, cut anywhere', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat({ max: 200 }), { maxLength: 6 }), (bytes, places) => {
      const cuts = places.map((place) => place % (bytes.length + 1))
      expect(collect(bytes, cuts).found).toEqual(referenceParse(bytes))
    }),
    { numRuns: 5000 },
  )
})

it('finds the same in every way to cut the same bytes', () => {
  fc.assert(
    fc.property(stream, (bytes) => {
      const whole = collect(bytes).found
      for (let cut = 0; cut <= bytes.length; cut += 1) expect(collect(bytes, [cut]).found).toEqual(whole)
    }),
    { numRuns: 300 },
  )
})
