import { normalCdf } from './normal.ts'

/** Above, the normal distribution is right to 1 % where p is near 0.05, and gives too high a p further out. */
const EXACT_MOST = 33

export interface Trend {
  /** Kendall's S: pairs of values that rise less those that fall. Equal ones count as neither. */
  s: number
  /** Of S when there is no trend; groups of equal values lower it. */
  variance: number
  /** S in standard deviations, brought 1 closer to 0 because S is a whole number. */
  z: number
  /** How likely S is to be as high (`rising`), as low (`falling`) or as far from 0 (`either`) when there is no trend. */
  p: { rising: number; falling: number; either: number }
  /** Where `p` is from: `exact` from all orders of the values, `normal` from the approximation by `z`. */
  distribution: 'exact' | 'normal'
}

/**
 * Whether values, in the order of time, rise or fall (Mann 1945; Kendall 1975). It asks for the signs of differences only, so
 * the size of a jump is nothing to it, and it takes the values for independent. Exact for up to 33 different values, which
 * is when SciPy's `kendalltau` is; of n values none can give an `either` below 2 / n!. All values equal: no trend, each p
 * is 1. A value that is no finite number: everything is NaN. Null for fewer than 2 values.
 */
export function mannKendall(values: readonly number[]): Trend | null {
  const n = values.length
  if (n < 2) return null
  if (!values.every(Number.isFinite)) {
    const p = { rising: NaN, falling: NaN, either: NaN }
    return { s: NaN, variance: NaN, z: NaN, p, distribution: 'normal' }
  }
  const s = scoreOf(values)
  const variance = kendallVariance(values)
  const sigma = Math.sqrt(variance)
  const z = s === 0 ? 0 : (s - Math.sign(s)) / sigma
  const isExact = n <= EXACT_MOST && new Set(values).size === n
  const [rising, falling] = isExact ? exactTails(n, s) : normalTails(s, sigma)
  const p = { rising, falling, either: Math.min(1, 2 * Math.min(rising, falling)) }
  return { s, variance, z, p, distribution: isExact ? 'exact' : 'normal' }
}

/**
 * Variance of Kendall's S between series of equal length when they have nothing to do with one another, as Sen (1968, 2.6)
 * and SciPy's `theilslopes` have it: equal values within a series lower it. Exact while one series at most has equal values;
 * with them in several it is too low and may be negative.
 */
export function kendallVariance(...series: readonly (readonly number[])[]): number {
  const term = (n: number) => n * (n - 1) * (2 * n + 5)
  const tied = series.flatMap(groupSizes).reduce((sum, size) => sum + term(size), 0)
  return (term(series[0]?.length ?? 0) - tied) / 18
}

function groupSizes(values: readonly number[]): number[] {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts.values()]
}

function scoreOf(values: readonly number[]): number {
  let score = 0
  for (const [i, later] of values.entries())
    for (let k = 0; k < i; k += 1) score += Math.sign(later - (values[k] ?? NaN))
  return score
}

/** S moves by steps of 2 without equal values: half a step belongs to the value found. */
function normalTails(s: number, sigma: number): [rising: number, falling: number] {
  return sigma === 0 ? [1, 1] : [normalCdf((1 - s) / sigma), normalCdf((s + 1) / sigma)]
}

function exactTails(n: number, s: number): [rising: number, falling: number] {
  const shares = fallShares(n)
  const pairs = (n * (n - 1)) / 2
  // Not as 1 minus the other one: a small tail would lose its digits.
  const atMost = (falls: number) =>
    Math.min(
      1,
      shares.slice(0, falls + 1).reduce((sum, share) => sum + share, 0),
    )
  return [atMost((pairs - s) / 2), atMost((pairs + s) / 2)]
}

/** Of all orders of n different values, the share in which k pairs fall. The next value falls below 0 to n - 1 of the others. */
function fallShares(n: number): number[] {
  let shares = [1]
  for (let size = 2; size <= n; size += 1) {
    const known = shares
    shares = Array.from({ length: known.length + size - 1 }, (_, falls) => {
      let sum = 0
      for (let below = 0; below < size; below += 1) sum += known[falls - below] ?? 0
      return sum / size
    })
  }
  return shares
}
