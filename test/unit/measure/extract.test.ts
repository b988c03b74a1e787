import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { integer, ReferenceExtractor, SpecExtractor, stampMicros } from '../../../harness/measure/extract.ts'
import type { Extractor } from '../../../harness/measure/extract.ts'
import { parseFieldSpec, parseStampSpec } from '../../../harness/model/field-spec.ts'
import type { StampUnit } from '../../../harness/model/field-spec.ts'
import { eventBytes, referenceEvent } from '../../support/events.ts'

const micros = (text: string, unit: StampUnit) => stampMicros(Buffer.from(text), 0, Buffer.byteLength(text), unit)

describe('stamps', () => {
  test.each<[string, StampUnit, number]>([
    ['1700000000123456789', 'ns', 1_700_000_000_123_456],
    ['1700000000123456', 'us', 1_700_000_000_123_456],
    ['1700000000123', 'ms', 1_700_000_000_123_000],
    ['1700000000', 's', 1_700_000_000_000_000],
    ['1700000000.123456', 's', 1_700_000_000_123_456],
    ['1700000000.1', 's', 1_700_000_000_100_000],
    ['1700000000.1234569', 's', 1_700_000_000_123_456],
    ['1700000000123.456', 'ms', 1_700_000_000_123_456],
    ['1700000000123456.9', 'us', 1_700_000_000_123_456],
    ['1700000000123456789.5', 'ns', 1_700_000_000_123_456],
    ['999', 'ns', 0],
    ['0', 's', 0],
  ])('%s %s', (text, unit, value) => {
    expect(micros(text, unit)).toBe(value)
  })

  test.each(['', '-1', '+1', 'x', '.5', ' 1', '1 ', '1,5', '1.5x', '1.x', '1e9', '17000000000000000'])(
    '"%s" is none in seconds',
    (text) => {
      expect(micros(text, 's')).toBe(-1)
    },
  )

  // As Java writes a double of epoch seconds: read to the E it would be the year 1970.
  test.each<[string, StampUnit]>([
    ['1.700000000123E9', 's'],
    ['1.7000000001234567E12', 'ms'],
    ['1.7e15', 'us'],
    ['1.7e18', 'ns'],
    ['1.1234567x', 's'],
  ])('an exponent is not read as something else: %s %s', (text, unit) => {
    expect(micros(text, unit)).toBe(-1)
  })

  test('any time of ours in any unit, exactly', () => {
    const exponents = { s: 6, ms: 3, us: 0, ns: -3 } as const
    const time = fc.bigInt({ min: 0n, max: 4_000_000_000_000_000n })
    fc.assert(
      fc.property(time, fc.constantFrom<StampUnit>('s', 'ms', 'us', 'ns'), fc.nat({ max: 999 }), (us, unit, rest) => {
        const exponent = exponents[unit]
        const digits = exponent < 0 ? `${us}${String(rest).padStart(3, '0')}` : String(us).padStart(exponent + 1, '0')
        const point = exponent <= 0 ? digits.length : digits.length - exponent
        const text = exponent > 0 ? `${digits.slice(0, point)}.${digits.slice(point)}${rest}` : digits
        expect(micros(text, unit)).toBe(Number(us))
      }),
    )
  })
})

describe('whole numbers', () => {
  test.each([
    ['0', 0],
    ['007', 7],
    ['999999999999999', 999_999_999_999_999],
    ['1000000000000000', -1],
    ['', -1],
    ['-1', -1],
    ['1.0', -1],
    ['1e3', -1],
  ])('"%s" is %i', (text, value) => {
    expect(integer(Buffer.from(text), 0, text.length)).toBe(value)
  })
})

function specExtractor(stamp: string | null, sequence: string | null): SpecExtractor {
  const stampSpec = stamp === null ? null : parseStampSpec(stamp)
  const sequenceSpec = sequence === null ? null : parseFieldSpec(sequence)
  if ((stampSpec !== null && 'fault' in stampSpec) || (sequenceSpec !== null && 'fault' in sequenceSpec))
    throw new Error('a wrong spec')
  return new SpecExtractor(stampSpec, sequenceSpec)
}
const read = (extractor: Extractor, ...event: Parameters<typeof eventBytes>) => {
  extractor.read(eventBytes(...event))
  const { sequence, dueAt, sentAt, isNotice } = extractor
  return { sequence, dueAt, sentAt, isNotice }
}

describe('where the user says they are', () => {
  test('in JSON', () => {
    const extractor = specExtractor('json:$.meta.t:ns', 'json:$.list[1]')
    expect(read(extractor, '{"list":[7,"8"],"meta":{"t":"1700000000123456789"}}')).toEqual({
      sequence: 8,
      dueAt: 1_700_000_000_123_456,
      sentAt: -1,
      isNotice: false,
    })
    // Nothing stays of the event before.
    expect(read(extractor, 'not json')).toMatchObject({ sequence: -1, dueAt: -1 })
    expect(extractor.badSequence).toBeNull()
  })

  test('in the id', () => {
    const extractor = specExtractor('id:ms', 'id')
    expect(read(extractor, 'x', '12')).toMatchObject({ sequence: 12, dueAt: 12_000 })
    expect(read(extractor, 'x', null)).toMatchObject({ sequence: -1, dueAt: -1 })
    expect(extractor.badSequence).toBeNull()
  })

  test('by a pattern, in the id first and then in the data', () => {
    const extractor = specExtractor('regex:t=(\\d+):s', 'regex:n(\\d+)')
    expect(read(extractor, 'n1 t=3', 'n2')).toMatchObject({ sequence: 2, dueAt: 3_000_000 })
    expect(read(extractor, 'é n1')).toMatchObject({ sequence: 1, dueAt: -1 })
    expect(read(extractor, '', '')).toMatchObject({ sequence: -1, dueAt: -1 })
  })

  test('only one of the two', () => {
    expect(read(specExtractor('id:us', null), 'x', '5')).toMatchObject({ sequence: -1, dueAt: 5 })
    expect(read(specExtractor(null, 'id'), 'x', '5')).toMatchObject({ sequence: 5, dueAt: -1 })
  })

  test('what stood there instead of a number is kept, the first of it', () => {
    const extractor = specExtractor(null, 'json:$.n')
    expect(read(extractor, '{"n":1.5}').sequence).toBe(-1)
    read(extractor, '{"n":"later"}')
    expect(extractor.badSequence).toBe('1.5')
  })

  test('events with a type are data like others', () => {
    expect(read(specExtractor(null, 'id'), 'x', '5', 'gap')).toMatchObject({ sequence: 5, isNotice: false })
  })
})

describe("the reference server's own", () => {
  const NOW = 1_700_000_000_000_000

  test('number, due and sent', () => {
    fc.assert(
      fc.property(fc.nat({ max: 999_999_999_999_999 }), fc.nat(), fc.nat(), (sequence, due, sent) => {
        const extractor = new ReferenceExtractor()
        extractor.read(referenceEvent(sequence, NOW + due, NOW + sent))
        const { dueAt, sentAt } = extractor
        expect([extractor.sequence, dueAt, sentAt, extractor.isNotice]).toEqual([
          sequence,
          NOW + due,
          NOW + sent,
          false,
        ])
      }),
    )
  })

  test('an event with a type is a notice, and nothing of it is read', () => {
    const extractor = new ReferenceExtractor()
    extractor.read(referenceEvent(1, NOW))
    expect(read(extractor, `{"seq":5,"dueAt":${NOW},"sentAt":${NOW}}`, '5', 'goodbye')).toEqual({
      ...{ sequence: -1, dueAt: -1, sentAt: -1, isNotice: true },
    })
  })

  test.each([
    '',
    '{}',
    '{"seq":',
    '{"seq":1',
    '{"seq":1,"dueAt":17',
    `{"seq":x,"dueAt":${NOW},"sentAt":${NOW}}`,
    'x'.repeat(99),
  ])('other data has no number: %s', (data) => {
    expect(read(new ReferenceExtractor(), data)).toMatchObject({ sequence: -1, dueAt: -1, sentAt: -1 })
  })

  test('data that is cut short is not filled up from what follows it in the buffer', () => {
    const whole = `{"seq":1,"dueAt":${NOW},"sentAt":${NOW}}`
    for (let length = 0; length < whole.length - 1; length += 1)
      expect(read(new ReferenceExtractor(), whole.slice(0, length), whole.slice(length)).sequence).toBe(-1)
  })
})

test('no extractor throws, whatever the bytes', () => {
  const extractors = [
    new ReferenceExtractor(),
    specExtractor('json:$.t:ms', 'json:$.a[0]'),
    specExtractor('id:s', 'regex:(x*)'),
  ]
  const some = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('{', '"', ':', '1', '[', '\\', 'a', 't') }),
  )
  fc.assert(
    fc.property(some, fc.option(some), (data, id) => {
      for (const extractor of extractors) {
        const { sequence, dueAt } = read(extractor, data, id)
        expect(Number.isSafeInteger(sequence) && sequence >= -1 && dueAt >= -1).toBe(true)
      }
    }),
  )
})
