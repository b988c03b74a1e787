import { kendallVariance } from './mann-kendall.ts'
import { median } from './median.ts'
import { normalQuantile } from './normal.ts'

export interface Point {
  x: number
  y: number
}

export interface Slope {
  /** Units of y for one of x. */
  value: number
  /** Where the line meets x = 0: it goes through the median of x and the median of y. */
  intercept: number
  /** Interval of the slope: -Infinity to Infinity when there are too few points to say anything at the level asked for. */
  low: number
  high: number
}

/**
 * The median of the slopes of all pairs of points (Theil 1950), which 29 % of wild points cannot move far; pairs at the same
 * x are left out. The interval is Sen's (1968), as SciPy's `theilslopes` computes it: it takes the points for independent and
 * uses the normal distribution of Kendall's S. With so few points that not even the lowest and the highest slope enclose the
 * true one as often as `level`, in (0, 1), asks for, SciPy gives these two; here the interval is unbounded, so that comparing
 * with it decides nothing. A coordinate that is no finite number: the slope is NaN and the interval unbounded. Null with
 * fewer than 2 different x. Throws a RangeError when `level` is none.
 */
export function theilSen(points: readonly Point[], level: number): Slope | null {
  assertLevel(level)
  const xs = points.map(({ x }) => x)
  const ys = points.map(({ y }) => y)
  if (![...xs, ...ys].every(Number.isFinite)) return { value: NaN, intercept: NaN, ...UNBOUNDED }
  const slopes = points
    .flatMap((a, i) => points.slice(i + 1).flatMap((b) => (a.x === b.x ? [] : [(b.y - a.y) / (b.x - a.x)])))
    .toSorted((a, b) => a - b)
  if (slopes.length === 0) return null
  const value = median(slopes)
  const interval = isAttainable(ordersOf(xs), level) ? intervalOf(slopes, kendallVariance(xs, ys), level) : UNBOUNDED
  return { value, intercept: median(ys) - value * median(xs), ...interval }
}

/**
 * The fewest points, at different x, that can have an interval of this level, in (0, 1): 4 for 0.9, 5 for 0.95, 6 for 0.99.
 * Throws a RangeError when `level` is none.
 */
export function leastPoints(level: number): number {
  assertLevel(level)
  let n = 2
  for (let orders = 2; !isAttainable(orders, level); orders *= n) n += 1
  return n
}

const UNBOUNDED = { low: -Infinity, high: Infinity } as const

function assertLevel(level: number): void {
  if (!(level > 0 && level < 1)) throw new RangeError(`a level lies between 0 and 1, not at ${level}`)
}

/** The widest interval misses the true slope when what is left of y without it only rises or only falls. */
const isAttainable = (orders: number, level: number): boolean => 2 / orders <= 1 - level

/** In how many orders values may stand at these x; those at the same x have none. */
function ordersOf(xs: readonly number[]): number {
  const seen = new Map<number, number>()
  let orders = 1
  for (const [i, x] of xs.entries()) {
    const same = (seen.get(x) ?? 0) + 1
    seen.set(x, same)
    orders *= (i + 1) / same
  }
  return orders
}

function intervalOf(slopes: readonly number[], variance: number, level: number): { low: number; high: number } {
  const last = slopes.length - 1
  const slopeAt = (index: number) => slopes[Math.min(Math.max(index, 0), last)] ?? NaN
  if (slopeAt(0) === slopeAt(last)) return { low: slopeAt(0), high: slopeAt(0) }
  // With equal values in x and in y it may come out negative, and then it says nothing.
  if (variance <= 0) return UNBOUNDED
  const spread = normalQuantile((1 + level) / 2) * Math.sqrt(variance)
  return {
    low: slopeAt(Math.round((slopes.length - spread) / 2) - 1),
    high: slopeAt(Math.round((slopes.length + spread) / 2)),
  }
}
