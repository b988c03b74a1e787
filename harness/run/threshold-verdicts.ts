import { quantileOf } from '../histogram/percentiles.ts'
import { censoredCounts, metricCounts, samplesNeeded } from '../histogram/summary.ts'
import type { MetricName } from '../model/metric.ts'
import { METRICS, parseMetricKey } from '../model/metric.ts'
import type { HistogramMetric, Metric, Metrics, QuantileName, Verdict } from '../model/record.ts'
import { QUANTILES } from '../model/record.ts'
import type { Threshold } from '../model/threshold.ts'
import { compare, parseThreshold } from '../model/threshold.ts'
import { formatCount, formatDuration } from '../model/units.ts'

/** What the counters came to in measured time alone; a counter of the whole run has no share of its own there. */
type MeasuredCounts = Partial<Record<string, number>>

/** One verdict per threshold of the plan. Missing data never passes. */
export function thresholdVerdicts(
  texts: readonly string[],
  metrics: Metrics,
  measuredSeconds: number,
  measured: MeasuredCounts = {},
): Verdict[] {
  return texts.map((text) => {
    const threshold = parseThreshold(text)
    if ('fault' in threshold) throw new Error(`a threshold with a fault passed validation: ${threshold.fault}`)
    return judge(
      threshold,
      metrics[threshold.metric],
      (value) => (measured[threshold.metric] ?? value) / measuredSeconds,
    )
  })
}

function judge(threshold: Threshold, metric: Metric | undefined, rateOf: (value: number) => number): Verdict {
  const base = { name: threshold.text, expected: `${threshold.comparison} ${printLimit(threshold)}` }
  if (metric === undefined)
    return { ...base, status: 'inconclusive', actual: 'absent', why: `this run has no ${threshold.metric}` }
  if (metric.kind === 'histogram') return judgeHistogram(threshold, metric, base)
  const { fn } = threshold.aggregate
  const actual =
    metric.kind === 'counter'
      ? fn === 'rate'
        ? rateOf(metric.value)
        : metric.value
      : fn === 'min'
        ? metric.min
        : fn === 'max'
          ? metric.max
          : metric.last
  if (actual === null || !Number.isFinite(actual))
    return { ...base, status: 'inconclusive', actual: 'no samples', why: 'nothing was recorded' }
  return {
    ...base,
    status: compare(actual, threshold.comparison, threshold.limit) ? 'pass' : 'fail',
    actual: formatNumber(actual),
    why: 'counted',
  }
}

function judgeHistogram(
  threshold: Threshold,
  metric: HistogramMetric,
  base: { name: string; expected: string },
): Verdict {
  const { aggregate } = threshold
  if (aggregate.fn === 'count') {
    return {
      ...base,
      status: compare(metric.count, threshold.comparison, threshold.limit) ? 'pass' : 'fail',
      actual: formatCount(metric.count),
      why: 'counted',
    }
  }
  if (aggregate.fn === 'p' || aggregate.fn === 'med')
    return judgePercentile(threshold, metric, aggregate.fn === 'p' ? aggregate.quantile : 0.5, base)
  const actual = aggregate.fn === 'min' ? metric.min : aggregate.fn === 'max' ? metric.max : metric.mean
  if (actual === null) return { ...base, status: 'inconclusive', actual: 'no samples', why: 'nothing was recorded' }
  const isBound =
    (aggregate.fn === 'max' && metric.lowerBounds.includes('max')) || (aggregate.fn === 'avg' && metric.censored > 0)
  return bounded(threshold, actual, isBound, base)
}

function judgePercentile(
  threshold: Threshold,
  metric: HistogramMetric,
  q: number,
  base: { name: string; expected: string },
): Verdict {
  const needed = samplesNeeded(q)
  if (metric.independent < needed) {
    return {
      ...base,
      status: 'inconclusive',
      actual: 'unknown',
      why: `needs ${formatCount(needed)} independent samples and has ${formatCount(metric.independent)}; measure longer or spread the streams over more channels`,
    }
  }
  const quantile = quantileOf(metricCounts(metric), censoredCounts(metric), q)
  if (quantile === null) return { ...base, status: 'inconclusive', actual: 'no samples', why: 'nothing was recorded' }
  if (isClientBound(metric, q)) {
    return {
      ...base,
      status: 'inconclusive',
      actual: formatDuration(quantile.value),
      why: "client-bound: the harness's own queueing may be more than 25 % of it; use fewer streams per worker, or a core of its own",
    }
  }
  return bounded(threshold, quantile.value, quantile.lowerBound, base)
}

/** A percentile without a name of its own is as doubtful as those next to it. */
function isClientBound(metric: HistogramMetric, q: number): boolean {
  const names = Object.keys(QUANTILES) as QuantileName[]
  const below = names.findLast((name) => QUANTILES[name] <= q)
  const above = names.find((name) => QUANTILES[name] >= q)
  return [below, above].some((name) => name !== undefined && metric.clientBound.includes(name))
}

/** A value known only to be "at least": an upper limit on it fails, a lower limit that it reaches holds. */
function bounded(
  threshold: Threshold,
  actual: number,
  isBound: boolean,
  base: { name: string; expected: string },
): Verdict {
  const holds = compare(actual, threshold.comparison, threshold.limit)
  const isLowerLimit = threshold.comparison === '>' || threshold.comparison === '>='
  const passes = holds && (!isBound || isLowerLimit)
  const why = isBound
    ? 'some samples were still open at cut-off, so the true value is at least this'
    : 'from the recorded samples'
  return { ...base, status: passes ? 'pass' : 'fail', actual: `${isBound ? '>= ' : ''}${formatDuration(actual)}`, why }
}

function printLimit(threshold: Threshold): string {
  const isHistogram = METRICS[parseMetricKey(threshold.metric).name as MetricName].kind === 'histogram'
  const isCount =
    threshold.aggregate.fn === 'count' || threshold.aggregate.fn === 'rate' || threshold.aggregate.fn === 'value'
  return isCount || !isHistogram ? formatNumber(threshold.limit) : formatDuration(threshold.limit)
}

/** With all that tells 0.9996 from 1: rounded to the same text, a limit and what misses it could not be told apart. */
const formatNumber = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 6 })
