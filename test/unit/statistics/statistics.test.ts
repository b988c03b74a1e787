import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { binomialTail } from '../../../harness/statistics/binomial.ts'
import { centreOf, shiftOf } from '../../../harness/statistics/hodges-lehmann.ts'
import { median, medianDeviation } from '../../../harness/statistics/median.ts'

const numbers = (minLength = 1) => fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength, maxLength: 12 })

describe('median', () => {
  test.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[7], 7],
  ])('of %j', (values, expected) => {
    expect(median(values)).toBe(expected)
  })

  test('of nothing is no number', () => {
    expect(median([])).toBeNaN()
  })

  test('deviation from it ignores one wild value', () => {
    expect(medianDeviation([1, 2, 3, 4, 1e9])).toBe(1)
  })
})

describe('binomial tail', () => {
  // scipy.stats.binom.sf(k - 1, n, p), SciPy 1.17.1.
  test.each([
    [7, 18, 0.087, 0.000_505_613_318_160_702_5],
    [4, 10, 0.3, 0.350_389_281_599_999_8],
    [41, 900, 0.029, 0.003_684_592_566_565_927],
    [100, 1000, 0.05, 8.410_251_084_877_321e-11],
  ])('P(X >= %d) of %d trials at %f', (least, trials, p, expected) => {
    expect(binomialTail(least, trials, p) / expected).toBeCloseTo(1, 8)
  })

  test('at its ends', () => {
    expect([binomialTail(0, 5, 0.1), binomialTail(6, 5, 0.1)]).toEqual([1, 0])
    expect(binomialTail(5, 5, 0.1)).toBeCloseTo(1e-5, 15)
  })
})

describe('Hodges-Lehmann', () => {
  test('centre: the depression scores of Hollander and Wolfe, table 3.1', () => {
    const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3]
    const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    const centre = centreOf(
      before.map((value, i) => value - (after[i] ?? NaN)),
      0.95,
    )
    // Published: estimate 0.46, interval 0.010 to 0.786 at level 96.1 %.
    expect(centre?.value).toBeCloseTo(0.46, 10)
    expect(centre?.interval?.low).toBeCloseTo(0.01, 10)
    expect(centre?.interval?.high).toBeCloseTo(0.786, 10)
    expect(centre?.interval?.level).toBeCloseTo(1 - 20 / 512, 12)
  })

  test.each([
    [2, 0.5],
    [3, 0.75],
    [4, 0.875],
    [5, 0.9375],
    [6, 0.96875],
    // 1 - 2 * 3 / 2^7: the sums 0, 1 and 2.
    [7, 1 - 6 / 128],
  ])('the interval of %d differences has level %f', (n, level) => {
    expect(
      centreOf(
        Array.from({ length: n }, (_, i) => i * i),
        0.95,
      )?.interval?.level,
    ).toBe(level)
  })

  test('of one difference there is none, of none nothing', () => {
    expect(centreOf([3], 0.95)).toEqual({ value: 3, interval: null })
    expect(centreOf([], 0.95)).toBeNull()
  })

  test('the interval covers the true centre at its level', () => {
    // Symmetric around 0 and heavy-tailed: 4 signed values of a lattice, all 2^4 signs equally likely.
    const sizes = [1, 3, 10, 100]
    const all = Array.from({ length: 16 }, (_, bits) => sizes.map((size, i) => ((bits >> i) & 1 ? size : -size)))
    const covered = all.filter((differences) => {
      const interval = centreOf(differences, 0.95)?.interval
      return interval !== null && interval !== undefined && interval.low < 0 && interval.high > 0
    })
    expect(covered.length / all.length).toBe(0.875)
  })

  test('shift: by hand, and it follows what is added', () => {
    // Differences: 0.7 -0.8 -0.9 / 1.8 0.3 0.2 / 3.3 1.8 1.7 / 8.6 7.1 7.0; the middle ones are 1.7 and 1.8.
    expect(shiftOf([0.4, 1.9, 2], [1.1, 2.2, 3.7, 9])).toBeCloseTo(1.75, 12)
    fc.assert(
      fc.property(numbers(), numbers(), fc.integer({ min: -500, max: 500 }), (a, b, more) => {
        const moved = shiftOf(
          a,
          b.map((value) => value + more),
        )
        expect(moved).toBeCloseTo(shiftOf(a, b) + more, 9)
        expect(shiftOf(b, a)).toBeCloseTo(-shiftOf(a, b), 9)
      }),
    )
    expect(shiftOf([], [1])).toBeNaN()
  })
})
