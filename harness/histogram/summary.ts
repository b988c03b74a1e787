import type { HistogramMetric, QuantileName } from '../model/record.ts'
import { QUANTILES } from '../model/record.ts'
import { decodeCounts, encodeCounts } from './codec.ts'
import type { Counts } from './counts.ts'
import { quantileOf } from './percentiles.ts'

/** Samples that must lie beyond a percentile before it is worth printing. */
const BEYOND = 10
const NAMES = Object.keys(QUANTILES) as QuantileName[]

/** How many independent samples a percentile needs: 20 for the median, 10,000 for 99.9 %. */
export function samplesNeeded(q: number): number {
  // 10 / (1 - 0.9) is 100.00000000000003 in doubles.
  return Math.ceil(BEYOND / (1 - q) - 1e-6)
}

/**
 * The record's form of a histogram.
 * @param independent bursts, streams or ticks behind the samples; percentiles that they cannot carry are null
 * @param clientBound percentiles of which the harness's own queueing may be too large a part
 */
export function summarise(
  exact: Counts,
  censored: Counts | null,
  independent: number,
  clientBound: readonly QuantileName[] = [],
): HistogramMetric {
  const closed = exact.totals
  const open = censored?.totals ?? { count: 0, overflow: 0, min: null, max: null, sum: 0 }
  const count = closed.count + open.count
  const overflow = closed.overflow + open.overflow
  const lowerBounds: string[] = []
  const percentile = (name: QuantileName) => {
    if (independent < samplesNeeded(QUANTILES[name])) return null
    const quantile = quantileOf(exact, censored, QUANTILES[name])
    if (quantile?.lowerBound === true) lowerBounds.push(name)
    return quantile?.value ?? null
  }
  const percentiles = Object.fromEntries(NAMES.map((name) => [name, percentile(name)])) as Record<
    QuantileName,
    number | null
  >
  if (open.max !== null && open.max > (closed.max ?? -1)) lowerBounds.push('max')
  return {
    kind: 'histogram',
    unit: 'us',
    count,
    independent,
    censored: open.count,
    overflow,
    min: extreme(Math.min, closed.min, open.min),
    max: extreme(Math.max, closed.max, open.max),
    mean: count + overflow === 0 ? null : (closed.sum + open.sum) / (count + overflow),
    ...percentiles,
    lowerBounds,
    clientBound: [...clientBound],
    hdr: encodeCounts(exact),
    hdrCensored: open.count === 0 || censored === null ? null : encodeCounts(censored),
  }
}

function extreme(pick: (a: number, b: number) => number, a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : pick(a, b)
}

/**
 * The exact samples of a recorded histogram. The record's min and max are those of exact and censored samples together,
 * so where one belongs to the other kind, the border of the bucket stands in; the overflow counts as exact.
 */
export function metricCounts(metric: HistogramMetric): Counts {
  const { min, max } = decodeCounts(metric.hdr).totals
  const { overflow } = metric
  const sum = (metric.mean ?? 0) * (metric.count + overflow) - (censoredCounts(metric)?.totals.sum ?? 0)
  return decodeCounts(metric.hdr, {
    min: extreme(Math.max, metric.min, min),
    max: maxIsOpen(metric) ? extreme(Math.min, metric.max, max) : metric.max,
    sum: metric.count - metric.censored + overflow === 0 ? 0 : sum,
    overflow,
  })
}

/** The samples still open at cut-off, at their lower bounds. */
export function censoredCounts(metric: HistogramMetric): Counts | null {
  if (metric.hdrCensored === null) return null
  const { min, max } = decodeCounts(metric.hdrCensored).totals
  return decodeCounts(metric.hdrCensored, {
    min: extreme(Math.max, metric.min, min),
    max: maxIsOpen(metric) ? metric.max : extreme(Math.min, metric.max, max),
  })
}

const maxIsOpen = (metric: HistogramMetric) => metric.lowerBounds.includes('max')
