import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { constantArrivalRate, constantUsers, dealProfiles } from '../../../harness/pacing/arrivals.ts'

const HOUR = 3_600_000_000

describe('constantUsers', () => {
  test('spreads so many users over the ramp, the first at once', () => {
    const pacer = constantUsers(4, 1_000_000)
    expect([0, 1, 2, 3].map((n) => pacer.dueAt(n))).toEqual([0, 250_000, 500_000, 750_000])
    expect(pacer.countBefore(1)).toBe(4)
  })

  test('all at once without a ramp', () => {
    expect(constantUsers(3, 0).dueAt(2)).toBe(0)
  })

  test('a due time is right to half a microsecond, however many come before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 0, max: HOUR }), (count, ramp) => {
        const pacer = constantUsers(count, ramp)
        const n = count - 1
        expect(Math.abs(pacer.dueAt(n) - (n / count) * ramp)).toBeLessThanOrEqual(0.5 + 1e-3)
      }),
    )
  })
})

describe('constantArrivalRate', () => {
  test('does not drift', () => {
    const pacer = constantArrivalRate(30)
    expect(pacer.dueAt(30 * 3600 * 24)).toBe(24 * HOUR)
  })

  test('the order of the questions changes no answer', () => {
    const pacer = constantArrivalRate(7)
    const forwards = Array.from({ length: 50 }, (_, n) => pacer.dueAt(n))
    const backwards = Array.from({ length: 50 }, (_, n) => pacer.dueAt(49 - n)).toReversed()
    expect(backwards).toEqual(forwards)
  })

  test('counts exactly those that are due before the end', () => {
    const rate = fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0.01, max: 5000, noNaN: true }))
    fc.assert(
      fc.property(rate, fc.integer({ min: 0, max: 600_000_000 }), (perSecond, end) => {
        const pacer = constantArrivalRate(perSecond)
        const count = pacer.countBefore(end)
        if (count > 0) expect(pacer.dueAt(count - 1)).toBeLessThan(end)
        expect(pacer.dueAt(count)).toBeGreaterThanOrEqual(end)
      }),
    )
  })

  test('counts exactly at a due time that was rounded up', () => {
    expect(constantArrivalRate(1.5).countBefore(666_667)).toBe(1)
    expect(constantArrivalRate(1.5).countBefore(666_668)).toBe(2)
  })
})

describe('dealProfiles', () => {
  test('90 to 10 of a hundred are ninety and ten, evenly mixed', () => {
    const dealt = dealProfiles({ steady: 90, slow: 10 }, 100)
    expect(dealt.filter((name) => name === 'slow')).toHaveLength(10)
    for (let ten = 0; ten < 10; ten += 1)
      expect(dealt.slice(ten * 10, ten * 10 + 10).filter((name) => name === 'slow')).toHaveLength(1)
  })

  test('equal shares take turns, in the order of the mix', () => {
    expect(dealProfiles({ a: 1, b: 1 }, 4)).toEqual(['a', 'b', 'a', 'b'])
  })

  const mixOf = (shares: number[]) => Object.fromEntries(shares.map((share, i) => [`p${i}`, share]))

  test('whole rounds give exact shares, and the same plan the same deal', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 5 }),
        (shares, rounds) => {
          const count = rounds * shares.reduce((a, b) => a + b)
          const dealt = dealProfiles(mixOf(shares), count)
          shares.forEach((share, i) => expect(dealt.filter((name) => name === `p${i}`)).toHaveLength(share * rounds))
          expect(dealProfiles(mixOf(shares), count)).toEqual(dealt)
        },
      ),
    )
  })

  test('two profiles are never further than one user from their shares', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 300 }), (share, count) => {
        const dealt = dealProfiles(mixOf([share, 100 - share]), count)
        const first = dealt.filter((name) => name === 'p0').length
        expect(Math.abs(first - (share / 100) * count)).toBeLessThan(1)
      }),
    )
  })
})
