import type { Counts } from './counts.ts'
import { highestEquivalent } from './layout.ts'

export interface Quantile {
  value: number
  /** The value is known only to be at least this: print it as `>= x`. */
  lowerBound: boolean
}

/** Far below the 1/n that one sample moves the curve by, far above what rounding adds up to. */
const TOLERANCE = 1e-12

/**
 * The value that a share `q` of the samples does not exceed; null without samples. Censored samples (still open when
 * the run ended, known only to be at least their value) enter by the product-limit estimator: leaving them out would
 * report the survivors. Values above the range count as larger than every bucket.
 */
export function quantileOf(exact: Counts, censored: Counts | null, q: number): Quantile | null {
  const { count, overflow } = exact.totals
  const open = censored === null ? 0 : censored.totals.count + censored.totals.overflow
  if (count + overflow + open === 0) return null
  const index = open === 0 || censored === null ? indexAtRank(exact, q) : indexByProductLimit(exact, censored, q)
  if (index === null) return { value: largestKnown(exact, censored), lowerBound: true }
  const { min, max } = exact.totals
  return { value: Math.max(Math.min(highestEquivalent(index), max ?? Infinity), min ?? 0), lowerBound: false }
}

function indexAtRank(exact: Counts, q: number): number | null {
  const wanted = q * (exact.totals.count + exact.totals.overflow)
  // 0.07 * 100 is 7.000000000000001 in doubles, which must be rank 7.
  const rank = Math.max(1, Math.ceil(wanted - wanted * Number.EPSILON))
  let seen = 0
  let found: number | null = null
  exact.forEach((index, count) => {
    if (found !== null) return
    seen += count
    if (seen >= rank) found = index
  })
  return found
}

/**
 * Kaplan and Meier over the buckets; in one bucket the exact values come before the censored ones. Between two
 * censorings the product telescopes to a ratio of the numbers at risk, so rounding grows with the censorings only.
 */
function indexByProductLimit(exact: Counts, censored: Counts, q: number): number | null {
  let atRisk = [exact, censored].reduce((sum, { totals }) => sum + totals.count + totals.overflow, 0)
  let base = 1
  let atRiskAtBase = atRisk
  const leave = (count: number) => {
    if (count === 0) return
    base *= atRisk / atRiskAtBase
    atRisk -= count
    atRiskAtBase = atRisk
  }
  const open = censored.toSparse() ?? { indices: new Uint32Array(0), counts: new Float64Array(0) }
  let next = 0
  let found: number | null = null
  exact.forEach((index, count) => {
    if (found !== null) return
    for (; (open.indices[next] ?? Infinity) < index; next += 1) leave(open.counts[next] ?? 0)
    atRisk -= count
    if ((base * atRisk) / atRiskAtBase <= 1 - q + TOLERANCE) found = index
  })
  return found
}

function largestKnown(exact: Counts, censored: Counts | null): number {
  const both = censored === null ? [exact] : [exact, censored]
  const above = both.filter(({ totals }) => totals.overflow > 0)
  // What lies above the range is known only to do that.
  if (above.length > 0) return Math.max(...above.map(({ highest }) => highest))
  return Math.max(...both.map(({ totals }) => totals.max ?? 0))
}
