import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { seededRandom } from '../../../harness/measure/random.ts'
import type { Trend } from '../../../harness/statistics/mann-kendall.ts'
import { kendallVariance, mannKendall } from '../../../harness/statistics/mann-kendall.ts'
import { normalCdf } from '../../../harness/statistics/normal.ts'

function trendOf(values: readonly number[]): Trend {
  const trend = mannKendall(values)
  if (trend === null) throw new Error('too few values')
  return trend
}

/** Equal but for the last of so many digits, however small. */
const expectRatio = (found: number, expected: number, digits = 11) =>
  expect(found / expected, `${found}, not ${expected}`).toBeCloseTo(1, digits)

const few = fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 2, maxLength: 12 })
const different = fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 40 })

const TIED = [1, 3, 3, 3, 3, 3, 8, 3, 3, 9, 3, 3]
const STEPS = [4, 4, 5, 4, 4, 6, 5, 4, 5, 5, 4, 6, 4, 5]
/** Yearly flow of the Nile at Aswan from 1871 on, 10^8 m^3 (Cobb 1978): it fell in 1899. */
const NILE = [
  1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140, 1100,
  1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969,
]

function permutations(values: readonly number[]): number[][] {
  if (values.length < 2) return [[...values]]
  return values.flatMap((value, i) => permutations(values.toSpliced(i, 1)).map((rest) => [value, ...rest]))
}

describe('exact, without equal values', () => {
  // As published in SciPy's test suite (test_stats.py, test_kendalltau and TestKendallTauAlternative), where they are from
  // R's cor.test(method = "kendall", exact = TRUE): y in the order of x, then p of less, two-sided and greater.
  test.each([
    { y: [1, 2], p: [1, 1, 0.5] },
    { y: [1, 2, 3], p: [1, 0.333_333_333_333_3, 0.166_666_666_666_7] },
    { y: [1, 2, 4, 3], p: [0.958_333_333_333_3, 0.333_333_333_333_3, 0.166_666_666_666_7] },
    { y: [1, 5, 4, 2, 3], p: [0.591_666_666_666_7, 1, 0.591_666_666_666_7] },
    { y: [8, 6, 1, 3, 2, 5, 4, 7], p: [0.547_569_444_444_4, 1, 0.547_569_444_444_4] },
    // Hollander and Wolfe (1973), p. 187: assessments of tuna.
    {
      y: [2.5, 4, 2.6, 3.6, 2.8, 3.1, 5.2, 5, 3.8],
      p: [0.962_411_816_578_5, 0.119_438_932_980_6, 0.059_719_466_490_3],
    },
  ])('p of $y', ({ y, p: [less, either, greater] }) => {
    const up = trendOf(y)
    expect(up.distribution).toBe('exact')
    expect(up.p.falling).toBeCloseTo(less ?? NaN, 12)
    expect(up.p.either).toBeCloseTo(either ?? NaN, 12)
    expect(up.p.rising).toBeCloseTo(greater ?? NaN, 12)
  })

  test.each([
    [[6, 2, 3, 7, 5, 1, 4], -3, 0.772_619_047_62],
    [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 45, 5.511_463_844_797e-7],
    [[0, 2, 1, 3, 4, 5, 6, 7, 8, 9], 43, 5.511_463_844_797e-6],
    [[0, 2, 1, 3, 4, 6, 5, 7, 8, 9], 41, 2.976_190_476_19e-5],
    [[9, 7, 8, 6, 5, 3, 4, 2, 1, 0], -41, 2.976_190_476_19e-5],
  ])('two-sided p of %j', (values, s, p) => {
    const trend = trendOf(values)
    expect(trend.s).toBe(s)
    expectRatio(trend.p.either, p)
  })

  test.each([2, 3, 4, 5, 6, 7])('is what counting all orders of %d values gives', (n) => {
    const all = permutations(Array.from({ length: n }, (_, i) => i * i)).map(trendOf)
    for (const { s, p } of all.slice(0, 200)) {
      expect(p.rising).toBeCloseTo(all.filter((other) => other.s >= s).length / all.length, 12)
      expect(p.falling).toBeCloseTo(all.filter((other) => other.s <= s).length / all.length, 12)
    }
  })
})

const FALLING = [93, 97, 88, 91, 84, 90, 79, 83, 85, 71, 76, 70, 72, 64, 69, 58, 66, 55, 61, 50]
const SPREAD = (n: number, factor: number, modulus: number, drift: number) =>
  Array.from({ length: n }, (_, i) => ((i * factor) % modulus) + i * drift)

describe('as SciPy computes it', () => {
  // scipy.stats.kendalltau(range(n), y, method='exact', alternative=...), SciPy 1.17.1: less, two-sided, greater.
  test.each([
    { y: FALLING, s: -158, p: [1.1355286705815487e-9, 2.2710573411630974e-9, 0.9999999994591018] },
    { y: SPREAD(33, 17, 35, 0.25), s: -192, p: [0.001305684952569219, 0.002611369905138438, 0.9988302818535711] },
  ])('exactly, S $s', ({ y, s, p: [less, either, greater] }) => {
    const trend = trendOf(y)
    expect(trend).toMatchObject({ s, distribution: 'exact' })
    expectRatio(trend.p.falling, less ?? NaN)
    expectRatio(trend.p.either, either ?? NaN)
    expectRatio(trend.p.rising, greater ?? NaN)
  })

  // Two-sided p of kendalltau(range(n), y, method='asymptotic'), SciPy 1.17.1, which has no continuity correction; and with
  // it, as 2 * norm.sf(abs(z)) there and as original_test of pymannkendall 1.4.3 has it.
  test.each([
    { y: TIED, s: 18, variance: 362 / 3, plain: 0.10129195586944142, z: 1.5475876790377314, p: 0.12172159971705532 },
    { y: STEPS, s: 17, variance: 815 / 3, plain: 0.3023492539837108, z: 0.9707374971348114, p: 0.3316790142585341 },
    {
      y: [5, 6, 7, 8, 7],
      s: 7,
      variance: 47 / 3,
      plain: 0.07697417298126674,
      z: 1.5158734579197342,
      p: 0.12955135290440883,
    },
    { y: NILE, s: -223, variance: 7359, plain: 0.009335049635906601, z: -2.5878766556769977, p: 0.009656955326659293 },
    {
      y: SPREAD(40, 37, 101, 0.5),
      s: 160,
      variance: 22100 / 3,
      plain: 0.06229846242798648,
      z: 1.8525144951527723,
      p: 0.0639519780524364,
    },
  ])('by the normal distribution, S $s', ({ y, s, variance, plain, z, p }) => {
    const trend = trendOf(y)
    expect(trend).toMatchObject({ s, distribution: 'normal' })
    expectRatio(trend.variance, variance)
    expectRatio(kendallVariance(y), variance)
    expectRatio(2 * normalCdf(-Math.abs(s) / Math.sqrt(trend.variance)), plain)
    expectRatio(trend.z, z)
    expectRatio(trend.p.either, p)
    expectRatio(2 * (s > 0 ? trend.p.rising : trend.p.falling), p)
  })

  // norm.sf((s - 1) / sigma) and norm.cdf((s + 1) / sigma) of SciPy 1.17.1.
  test('on both sides', () => {
    const { rising, falling } = trendOf(TIED).p
    expectRatio(rising, 0.06086079985852766)
    expectRatio(falling, 0.9581541959135832)
  })

  // Exact by SciPy 1.17.1: 40 values are too many to be exact here.
  test('above the limit the normal distribution is close where it decides, and careful further out', () => {
    expectRatio(trendOf(SPREAD(40, 37, 101, 0.5)).p.either, 0.06367616386588862, 1)
    expect(trendOf(SPREAD(40, 37, 101, 0.5)).p.either / 0.06367616386588862).toBeLessThan(1.01)
    const far = trendOf(SPREAD(34, 17, 35, 0.25))
    expect(far).toMatchObject({ s: -223, distribution: 'normal' })
    expect(far.p.either).toBeGreaterThan(0.0007612027739914442)
    expect(far.p.either).toBeLessThan(0.001)
  })
})

describe('all of it', () => {
  const reversed = (trend: Trend): Trend => ({
    ...trend,
    s: -trend.s,
    z: -trend.z,
    p: { rising: trend.p.falling, falling: trend.p.rising, either: trend.p.either },
  })

  const expectSame = (found: Trend, wanted: Trend) => {
    expect(found.s).toBeCloseTo(wanted.s, 12)
    expect(found.z).toBeCloseTo(wanted.z, 12)
    expect(found.variance).toBe(wanted.variance)
    expect(found.distribution).toBe(wanted.distribution)
    for (const side of ['rising', 'falling', 'either'] as const) expect(found.p[side]).toBeCloseTo(wanted.p[side], 12)
  }

  test.each([
    ['with equal values', few],
    ['without', different],
  ])('turns its sign when time or the values are turned: %s', (_what, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (values) => {
        const wanted = reversed(trendOf(values))
        expectSame(trendOf(values.toReversed()), wanted)
        expectSame(trendOf(values.map((value) => -value)), wanted)
      }),
    )
  })

  test('is the same whatever the scale, as long as it rises', () => {
    fc.assert(
      fc.property(fc.oneof(few, different), (values) => {
        const wanted = mannKendall(values)
        const scales: ((value: number) => number)[] = [
          (value) => 3 * value + 7,
          (value) => value ** 3 + value,
          (value) => Math.exp(value / 100),
        ]
        for (const scale of scales) expect(mannKendall(values.map(scale))).toEqual(wanted)
      }),
    )
  })

  test('keeps its numbers in their ranges', () => {
    fc.assert(
      fc.property(fc.oneof(few, different), (values) => {
        const { s, p, variance } = trendOf(values)
        const pairs = (values.length * (values.length - 1)) / 2
        expect(Math.abs(s)).toBeLessThanOrEqual(pairs)
        expect(variance).toBeGreaterThanOrEqual(0)
        for (const one of Object.values(p)) {
          expect(one).toBeGreaterThan(0)
          expect(one).toBeLessThanOrEqual(1)
        }
        // What is found counts on both sides.
        expect(p.rising + p.falling).toBeGreaterThanOrEqual(1 - 1e-12)
      }),
    )
  })

  // 4000 runs: three standard deviations of a share of 5 % are 1 %.
  test.each([
    ['exact', (random: () => number) => random(), 6],
    ['exact', (random: () => number) => random(), 12],
    ['normal', (random: () => number) => random(), 50],
    ['normal', (random: () => number) => Math.floor(5 * random()), 15],
  ])('of noise finds a trend no more often than it says: %s', (distribution, draw, n) => {
    const random = seededRandom(7, 'noise', distribution, n)
    const runs = 4000
    const trends = Array.from({ length: runs }, () => trendOf(Array.from({ length: n }, () => draw(random))))
    expect(new Set(trends.map((trend) => trend.distribution))).toEqual(new Set([distribution]))
    const share = (side: keyof Trend['p']) => trends.filter(({ p }) => p[side] <= 0.05).length / runs
    for (const side of ['rising', 'falling', 'either'] as const) {
      expect(share(side), side).toBeLessThan(0.06)
      // And not never: it is a test of this level, as far as so few values allow.
      expect(share(side), side).toBeGreaterThan(0.015)
    }
  })
})

describe('nothing to find', () => {
  test('fewer than two values', () => {
    expect([mannKendall([]), mannKendall([4])]).toEqual([null, null])
  })

  test('all equal: no trend, and nothing strange about it', () => {
    const p = { rising: 1, falling: 1, either: 1 }
    expect(mannKendall([3, 3, 3, 3])).toEqual({ s: 0, variance: 0, z: 0, p, distribution: 'normal' })
  })

  test.each([NaN, Infinity, -Infinity])('%d among them: no number that could be compared', (value) => {
    const { s, p } = trendOf([1, 2, value, 4, 5, 6])
    expect([s, ...Object.values(p)]).toEqual([NaN, NaN, NaN, NaN])
  })
})
