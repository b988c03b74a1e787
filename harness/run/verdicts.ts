import { compare, parseThreshold } from '../model/threshold.ts'
import type { Threshold } from '../model/threshold.ts'
import type { HistogramMetric, Ledger, Metric, Metrics, QuantileName, Verdict } from '../model/record.ts'
import { QUANTILES } from '../model/record.ts'
import { formatCount, formatDuration } from '../model/units.ts'
import { DEFAULT_VERDICTS } from '../model/verdicts.ts'
import type { DefaultVerdict } from '../model/verdicts.ts'
import { metricCounts, censoredCounts, samplesNeeded } from '../histogram/summary.ts'
import { quantileOf } from '../histogram/percentiles.ts'

/** What the default verdicts are judged by. */
export interface Evidence {
  users: number
  everOpened: number
  ledger: Ledger
  unexpectedEnds: number
  ends: Record<string, number>
  /** Streams that were lost and had not received again at the stop. */
  stillLost: number
  losses: number
  targetAlive: boolean
}

/** The verdicts that every run has, in the order of the model. */
export function defaultVerdicts(evidence: Evidence): Verdict[] {
  const { users, everOpened, ledger, ends, stillLost, losses } = evidence
  const endList = Object.entries(ends).map(([reason, count]) => `${count} ${reason}`)
  return [
    verdict(
      'all_connected',
      everOpened === users,
      `${formatCount(everOpened)} of ${formatCount(users)}`,
      'streams whose first connection never opened are not in any latency',
    ),
    counted(
      'no_loss',
      ledger.lost === null ? null : ledger.lost + (ledger.droppedFromSteady ?? 0),
      ledger,
      lossWhy(ledger),
    ),
    counted('no_duplicates', ledger.duplicates, ledger, 'the same sequence arrived twice on one stream'),
    counted('in_order', ledger.reordered, ledger, 'a lower sequence arrived after a higher one of the same connection'),
    reconciled(ledger),
    verdict(
      'no_unexpected_end',
      evidence.unexpectedEnds === 0,
      `${formatCount(evidence.unexpectedEnds)} unexpected`,
      endList.length === 0 ? 'no stream ended' : `ends: ${endList.join(', ')}`,
    ),
    verdict(
      'all_recovered',
      stillLost === 0,
      `${formatCount(losses - stillLost)} of ${formatCount(losses)} losses`,
      stillLost === 0
        ? 'every lost stream received a new event'
        : `${stillLost} streams were still without a new event at the stop`,
    ),
    verdict(
      'target_alive',
      evidence.targetAlive,
      evidence.targetAlive ? 'answered' : 'no answer',
      'asked after the last phase',
    ),
  ]
}

function verdict(name: DefaultVerdict, holds: boolean, actual: string, why: string): Verdict {
  return { name, status: holds ? 'pass' : 'fail', expected: DEFAULT_VERDICTS[name], actual, why }
}

/** A count of faults that must be zero; unknown is not zero. */
function counted(name: DefaultVerdict, count: number | null, ledger: Ledger, why: string): Verdict {
  const expected = DEFAULT_VERDICTS[name]
  if (count === null)
    return { name, status: 'inconclusive', expected, actual: 'unknown', why: ledger.why ?? 'not counted' }
  return {
    name,
    status: count === 0 ? 'pass' : 'fail',
    expected,
    actual: formatCount(count),
    why: count === 0 && ledger.why !== null ? `as far as can be seen: ${ledger.why}` : why,
  }
}

function lossWhy(ledger: Ledger): string {
  const ranges = ledger.lostRanges
    .slice(0, 5)
    .map(({ stream, from, to }) => `stream ${stream}: ${from === to ? from : `${from}-${to}`}`)
  return ranges.length === 0
    ? 'nothing is missing'
    : `missing on ${ranges.join('; ')}${ledger.lostRanges.length > 5 ? '; ...' : ''}`
}

function reconciled(ledger: Ledger): Verdict {
  const expected = DEFAULT_VERDICTS.reconciled
  if (!ledger.reconcilable)
    return {
      name: 'reconciled',
      status: 'inconclusive',
      expected,
      actual: 'not reconcilable',
      why: ledger.why ?? 'unknown',
    }
  const broken = ledger.identities.filter((identity) => !identity.holds)
  const sums = (broken.length > 0 ? broken : ledger.identities).map(
    (i) => `${i.left} ${formatCount(i.leftValue)} ${i.holds ? '=' : '!='} ${i.right} ${formatCount(i.rightValue)}`,
  )
  return {
    name: 'reconciled',
    status: broken.length === 0 ? 'pass' : 'fail',
    expected,
    actual: broken.length === 0 ? 'every sum holds' : `${broken.length} sums do not hold`,
    why: sums.join('; '),
  }
}

/** One verdict per threshold of the plan. Missing data never passes. */
export function thresholdVerdicts(texts: readonly string[], metrics: Metrics, measuredSeconds: number): Verdict[] {
  return texts.map((text) => {
    const threshold = parseThreshold(text)
    if ('fault' in threshold) throw new Error(`a threshold with a fault passed validation: ${threshold.fault}`)
    return judge(threshold, metrics[threshold.metric], measuredSeconds)
  })
}

function judge(threshold: Threshold, metric: Metric | undefined, seconds: number): Verdict {
  const base = { name: threshold.text, expected: `${threshold.comparison} ${printLimit(threshold)}` }
  if (metric === undefined)
    return { ...base, status: 'inconclusive', actual: 'absent', why: `this run has no ${threshold.metric}` }
  if (metric.kind === 'histogram') return judgeHistogram(threshold, metric, base)
  const { fn } = threshold.aggregate
  const actual =
    metric.kind === 'counter'
      ? fn === 'rate'
        ? metric.value / seconds
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
    actual: formatCount(actual),
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
  const name = (Object.keys(QUANTILES) as QuantileName[]).find((key) => QUANTILES[key] === q)
  if (name !== undefined && metric.clientBound.includes(name)) {
    return {
      ...base,
      status: 'inconclusive',
      actual: formatDuration(quantile.value),
      why: "client-bound: the harness's own queueing may be more than 25 % of it; use fewer streams per worker, or a core of its own",
    }
  }
  return bounded(threshold, quantile.value, quantile.lowerBound, base)
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
  const isCount =
    threshold.aggregate.fn === 'count' || threshold.aggregate.fn === 'rate' || threshold.aggregate.fn === 'value'
  return isCount ? formatCount(threshold.limit) : formatDuration(threshold.limit)
}
