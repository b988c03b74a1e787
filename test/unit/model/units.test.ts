import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { durationText, formatBytes, formatCount, formatDuration, parseDuration } from '../../../harness/model/units.ts'

const UNITS = { us: 1, ms: 1000, s: 1_000_000, m: 60_000_000, h: 3_600_000_000 }

test('durationText is read back to the microsecond, in the largest unit that it is a whole number of', () => {
  fc.assert(fc.property(fc.nat({ max: 10 ** 12 }), (us) => parseDuration(durationText(us)) === us))
  expect([0, 7, 1000, 1500, 61_500_000, 60_000_000].map(durationText)).toEqual([
    ...['0s', '7us', '1ms', '1500us', '61500ms', '60s'],
  ])
})

describe('parseDuration', () => {
  test.each([
    ['0s', 0],
    ['250ms', 250_000],
    ['5s', 5_000_000],
    ['2m', 120_000_000],
    ['1.5m', 90_000_000],
    ['1m30s', 90_000_000],
    ['1h', 3_600_000_000],
    ['7us', 7],
    ['7µs', 7],
    ['0.5ms', 500],
    [' 5s ', 5_000_000],
  ])('%s is %d us', (text, us) => {
    expect(parseDuration(text)).toBe(us)
  })

  test.each(['', '5', 's', '5 s', '-5s', '5sec', '5s!', '!5s', '1e3s', '5s,3ms', '.5s', '5.s', 'NaNs'])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeNull()
    },
  )

  test('reads any sum of whole parts exactly', () => {
    const part = fc.tuple(fc.integer({ min: 0, max: 9999 }), fc.constantFrom(...(Object.keys(UNITS) as ['us'])))
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const text = parts.map(([count, unit]) => `${count}${unit}`).join('')
        expect(parseDuration(text)).toBe(parts.reduce((sum, [count, unit]) => sum + count * UNITS[unit], 0))
      }),
    )
  })
})

describe('formatDuration', () => {
  test.each([
    [0, '0 us'],
    [85, '85 us'],
    [999, '999 us'],
    [999.6, '1.00 ms'],
    [1000, '1.00 ms'],
    [4310, '4.31 ms'],
    [9996, '10.0 ms'],
    [99_960, '100 ms'],
    [999_400, '999 ms'],
    [999_600, '1.00 s'],
    [12_400_000, '12.4 s'],
    [119_000_000, '119 s'],
    [120_000_000, '2.00 min'],
    [-4310, '-4.31 ms'],
  ])('%d us is %s', (us, text) => {
    expect(formatDuration(us)).toBe(text)
  })

  test('can be read again, to three digits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 * UNITS.h }), (us) => {
        const text = formatDuration(us)
        const again = parseDuration(text.replace(' min', 'm').replace(' ', '')) ?? NaN
        expect(Math.abs(again - us), text).toBeLessThanOrEqual(0.0051 * us)
      }),
    )
  })
})

test.each([
  [812, '812 B'],
  [1023, '1023 B'],
  [1024, '1.00 KiB'],
  [13_619, '13.3 KiB'],
  [4_215_275, '4.02 MiB'],
  [3 * 1024 ** 3, '3.00 GiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test('counts are grouped by three', () => {
  expect(formatCount(1_204_330)).toBe('1,204,330')
})
