import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { Random } from '../../../harness/measure/random.ts'
import { seededRandom } from '../../../harness/measure/random.ts'
import type { Point, Slope } from '../../../harness/statistics/theil-sen.ts'
import { leastPoints, theilSen } from '../../../harness/statistics/theil-sen.ts'

const pointsOf = (x: readonly number[], y: readonly number[]): Point[] => x.map((at, i) => ({ x: at, y: y[i] ?? NaN }))
const inOrder = (y: readonly number[]): Point[] => y.map((value, x) => ({ x, y: value }))

function slopeOf(points: readonly Point[], level = 0.95): Slope {
  const slope = theilSen(points, level)
  if (slope === null) throw new Error('no two different x')
  return slope
}

const UNBOUNDED = { low: -Infinity, high: Infinity }

// scipy.stats.theilslopes(y, x, level), SciPy 1.17.1: slope and intercept, and low and high by level. What SciPy ends at the
// lowest and the highest slope although these do not reach the level is not in here.
const SCIPY = [
  {
    name: 'the example of Sen',
    points: pointsOf([1, 2, 3, 4, 10, 12, 18], [9, 15, 19, 20, 45, 55, 78]),
    line: [4, 4],
    intervals: [
      [0.5, 3.9375, 4.125],
      [0.9, 3.75, 4.181818181818182],
      [0.95, 3.7142857142857144, 4.375],
      [0.99, 2.5, 5],
    ],
  },
  {
    name: 'ten points',
    points: pointsOf([0, 1, 2, 3, 4.5, 5, 6, 7, 8, 9], [3.2, 1.1, 4.8, 5.2, 9.9, 7.1, 8.4, 12, 10.9, 15.2]),
    line: [1.3000000000000007, 1.5749999999999966],
    intervals: [
      [0.5, 1.1777777777777776, 1.46],
      [0.9, 0.9, 1.7],
      [0.95, 0.8666666666666667, 1.7625],
      [0.99, 0.7666666666666666, 2.05],
    ],
  },
  {
    name: 'equal values of y',
    points: inOrder([1, 3, 3, 3, 3, 3, 8, 3, 3, 9, 3, 3]),
    line: [0, 3],
    intervals: [
      [0.9, 0, 0.18181818181818182],
      [0.93, 0, 0.2],
      [0.95, 0, 0.25],
      [0.99, 0, 0.4],
    ],
  },
  {
    name: 'equal values of x and of y',
    points: [1, 2, 2, 2, 5, 5, 5, 5, 9, 9, 9, 9].map((y, i) => ({ x: Math.floor(i / 2), y })),
    line: [1.675, 0.8125],
    intervals: [
      [0.5, 1.5, 1.75],
      [0.95, 4 / 3, 2],
      [0.99, 1, 7 / 3],
    ],
  },
  {
    name: 'twenty that fall',
    points: pointsOf(
      Array.from({ length: 20 }, (_, i) => i + 1),
      [93, 97, 88, 91, 84, 90, 79, 83, 85, 71, 76, 70, 72, 64, 69, 58, 66, 55, 61, 50],
    ),
    line: [-2.2264957264957266, 97.37820512820512],
    intervals: [
      [0.9, -2.4444444444444446, -2],
      [0.95, -2.5, -1.8333333333333333],
      [0.99, -2.6666666666666665, -1.6875],
    ],
  },
  {
    name: 'six far apart',
    points: pointsOf([1, 2, 4, 8, 16, 32], [1.5, 0.2, 3.1, 2.2, 9.4, 30.3]),
    line: [0.6571428571428573, -1.2928571428571431],
    intervals: [
      [0.9, 0.1, 1.1708333333333334],
      [0.95, -0.225, 1.30625],
      [0.99, -1.3, 1.45],
    ],
  },
  {
    name: 'eight out of order',
    points: pointsOf([5, 1, 4, 2, 3, 9, 7, 8], [2.5, 0.5, 2.25, -1, 7, 4.5, 3, 4]),
    line: [0.5, 0.5],
    intervals: [
      [0.9, 0.25, 0.8],
      [0.95, -0.4166666666666667, 0.8333333333333334],
      [0.99, -1, 1.1666666666666667],
    ],
  },
  {
    name: 'the fewest for their level',
    points: pointsOf([1, 2, 3, 4, 5], [10, 14, 11, 19, 17]),
    line: [2.125, 7.625],
    intervals: [
      [0.5, 1, 3],
      [0.9, -2, 4],
      [0.95, -3, 8],
    ],
  },
  {
    name: 'values that are all equal: zero for certain',
    points: inOrder([7, 7, 7, 7, 7]),
    line: [0, 7],
    intervals: [[0.95, 0, 0]],
  },
]

describe('the slope of SciPy', () => {
  test.each(SCIPY)('for $name', ({ points, line: [value, intercept], intervals }) => {
    for (const [level, low, high] of intervals) {
      const slope = slopeOf(points, level)
      expect(slope.value).toBeCloseTo(value ?? NaN, 12)
      expect(slope.intercept).toBeCloseTo(intercept ?? NaN, 12)
      expect(slope.low, `low at ${level}`).toBeCloseTo(low ?? NaN, 12)
      expect(slope.high, `high at ${level}`).toBeCloseTo(high ?? NaN, 12)
    }
  })

  // test_theilslopes of SciPy's test suite: the example of Sen (1968), whose slopes are sevenths and eighths.
  test('as published', () => {
    const points = pointsOf([1, 2, 3, 4, 10, 12, 18], [9, 15, 19, 20, 45, 55, 78])
    const slope = slopeOf(points, 0.93)
    expect(slope.value).toBeCloseTo(4, 12)
    expect(slope.intercept).toBeCloseTo(4, 12)
    expect(slope.low).toBeCloseTo(26 / 7, 12)
    expect(slope.high).toBeCloseTo(35 / 8, 12)
  })

  test('as published for three points; that they have no interval is ours', () => {
    expect(theilSen(inOrder([0, 1, 1]), 0.95)).toEqual({ value: 0.5, intercept: 0.5, ...UNBOUNDED })
  })
})

describe('too little to say', () => {
  test('needs two different x', () => {
    expect(theilSen([], 0.9)).toBeNull()
    expect(theilSen(pointsOf([1, 1], [2, 5]), 0.9)).toBeNull()
  })

  test.each([
    [0.5, 3],
    [0.9, 4],
    [0.95, 5],
    [0.99, 6],
    [0.999, 7],
  ])('for an interval of level %d, with fewer than %d points', (level, least) => {
    expect(leastPoints(level)).toBe(least)
    const points = [10, 14, 11, 19, 17, 12, 30].map((y, x) => ({ x, y }))
    expect(slopeOf(points.slice(0, least - 1), level)).toMatchObject(UNBOUNDED)
    const { low, high } = slopeOf(points.slice(0, least), level)
    expect(Number.isFinite(low) && Number.isFinite(high)).toBe(true)
    // Not even when they are all equal.
    expect(slopeOf(inOrder(Array.from({ length: least - 1 }, () => 7)), level)).toMatchObject({
      value: 0,
      ...UNBOUNDED,
    })
  })

  // 6 values in two groups of 3 have 20 orders, so the highest and the lowest slope enclose the true one in 18 of them.
  test('for an interval where there are few different x', () => {
    const points = pointsOf([0, 0, 0, 1, 1, 1], [10, 14, 11, 19, 17, 12])
    expect(slopeOf(points, 0.89)).toMatchObject({ low: -2, high: 9 })
    expect(slopeOf(points, 0.91)).toMatchObject(UNBOUNDED)
  })

  // SciPy 1.17.1 says NaN.
  test('for an interval where so many values are equal in x and in y that the variance is negative', () => {
    const points = pointsOf([0, 0, 0, 0, 0, 0, 0, 0, 0, 1], [5, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    expect(slopeOf(points, 0.5)).toMatchObject({ value: 0, ...UNBOUNDED })
  })

  test.each([NaN, Infinity, -Infinity])('with %d for a coordinate', (value) => {
    const points = inOrder([1, 2, 3, 4, 5, 6])
    const unknown = { value: NaN, intercept: NaN, ...UNBOUNDED }
    expect(slopeOf([...points, { x: 7, y: value }])).toEqual(unknown)
    expect(slopeOf([...points, { x: value, y: 7 }])).toEqual(unknown)
  })

  test.each([0, 1, -0.95, 95, NaN])('at level %d, which is none', (level) => {
    expect(() => theilSen(inOrder([1, 2, 3]), level)).toThrow(RangeError)
  })
})

const coordinate = fc.integer({ min: -1000, max: 1000 })
const clouds = fc
  .array(fc.record({ x: coordinate, y: coordinate }), { minLength: 2, maxLength: 15 })
  .filter((points) => new Set(points.map(({ x }) => x)).size > 1)
const levels = fc.constantFrom(0.5, 0.9, 0.95, 0.99)

function expectSlope(found: Slope, wanted: Slope): void {
  for (const part of ['value', 'intercept', 'low', 'high'] as const) {
    const size = Number.isFinite(wanted[part]) ? Math.max(1, Math.abs(wanted[part])) : 1
    expect(found[part] / size, part).toBeCloseTo(wanted[part] / size, 9)
  }
}

describe('the slope and its interval', () => {
  const moved = (points: readonly Point[], move: (point: Point) => Point, level: number) =>
    slopeOf(points.map(move), level)

  test('follow shift and scale of y', () => {
    fc.assert(
      fc.property(clouds, levels, coordinate, fc.integer({ min: 1, max: 50 }), (points, level, shift, scale) => {
        const { value, intercept, low, high } = slopeOf(points, level)
        expectSlope(
          moved(points, ({ x, y }) => ({ x, y: scale * y + shift }), level),
          { value: scale * value, intercept: scale * intercept + shift, low: scale * low, high: scale * high },
        )
      }),
    )
  })

  test('follow shift and scale of x', () => {
    fc.assert(
      fc.property(clouds, levels, coordinate, fc.integer({ min: 1, max: 50 }), (points, level, shift, scale) => {
        const { value, intercept, low, high } = slopeOf(points, level)
        expectSlope(
          moved(points, ({ x, y }) => ({ x: scale * x + shift, y }), level),
          {
            value: value / scale,
            intercept: intercept - (shift * value) / scale,
            low: low / scale,
            high: high / scale,
          },
        )
      }),
    )
  })

  test('turn over when x or y does', () => {
    fc.assert(
      fc.property(clouds, levels, (points, level) => {
        const { value, intercept, low, high } = slopeOf(points, level)
        const turned = { value: -value, low: -high, high: -low }
        expectSlope(
          moved(points, ({ x, y }) => ({ x: -x, y }), level),
          { ...turned, intercept },
        )
        expectSlope(
          moved(points, ({ x, y }) => ({ x, y: -y }), level),
          { ...turned, intercept: -intercept },
        )
      }),
    )
  })

  test('gain a line that is added', () => {
    fc.assert(
      fc.property(clouds, fc.integer({ min: -50, max: 50 }), (points, more) => {
        // Not the interval: what is equal in y changes.
        const { value } = slopeOf(points)
        expect(moved(points, ({ x, y }) => ({ x, y: y + more * x }), 0.95).value).toBeCloseTo(value + more, 9)
      }),
    )
  })

  test('do not depend on the order of the points', () => {
    fc.assert(
      fc.property(clouds, levels, (points, level) => {
        expectSlope(slopeOf(points.toReversed(), level), slopeOf(points, level))
      }),
    )
  })

  test('lie around each other, and wider at a higher level', () => {
    fc.assert(
      fc.property(clouds, (points) => {
        const [narrow, wide] = [slopeOf(points, 0.8), slopeOf(points, 0.99)]
        expect(narrow.low).toBeLessThanOrEqual(narrow.value)
        expect(narrow.high).toBeGreaterThanOrEqual(narrow.value)
        expect(wide.low).toBeLessThanOrEqual(narrow.low)
        expect(wide.high).toBeGreaterThanOrEqual(narrow.high)
      }),
    )
  })

  test('of a line are the line, whatever a quarter of the points does', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -50, max: 50 }),
        fc.integer({ min: 8, max: 20 }),
        fc.integer(),
        (slope, n, wild) => {
          const line = Array.from({ length: n }, (_, x) => ({ x, y: x < n / 8 ? wild : slope * x }))
          expect(slopeOf(line, 0.9).value).toBeCloseTo(slope, 9)
        },
      ),
    )
  })
})

describe('the interval', () => {
  /** Near normal; and one that has neither mean nor variance. */
  const normal = (random: Random) => Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6)
  const cauchy = (random: Random) => Math.tan(Math.PI * (random() - 0.5))

  // 2000 runs: three standard deviations of a share of 95 % are 1.5 %, of 90 % 2 %. The steps of S are coarse with few
  // points and the interval is rounded outwards or inwards, so one or two percent more.
  test.each([
    [0.95, 8, 'normal', normal],
    [0.95, 20, 'normal', normal],
    [0.9, 12, 'normal', normal],
    [0.95, 12, 'Cauchy', cauchy],
    [0.9, 30, 'Cauchy', cauchy],
  ])('of level %d from %d points covers the true slope in %s noise as often as it says', (level, n, name, noise) => {
    const random = seededRandom(1, 'coverage', name, level, n)
    const runs = 2000
    const trueSlope = 2.5
    let covered = 0
    for (let run = 0; run < runs; run += 1) {
      const { low, high } = slopeOf(
        Array.from({ length: n }, (_, x) => ({ x, y: 40 + trueSlope * x + 10 * noise(random) })),
        level,
      )
      if (low <= trueSlope && trueSlope <= high) covered += 1
    }
    expect(covered / runs).toBeGreaterThan(level - 0.03)
    expect(covered / runs).toBeLessThan(level + 0.03)
  })
})
