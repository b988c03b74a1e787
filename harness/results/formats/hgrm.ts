import { toHdr } from '../../histogram/codec.ts'
import { metricCounts } from '../../histogram/summary.ts'
import type { HistogramMetric, RunRecord } from '../../model/record.ts'

/** A name from a record becomes a file name: only what can stay inside the folder. */
const PLAIN_NAME = /^[A-Za-z][A-Za-z0-9_]{0,127}$/
const TICKS_PER_HALF = 5

/** The percentile listing that HDR plotters read, one file per untagged histogram with samples. */
export function renderHgrm({ metrics }: RunRecord): { name: string; content: string }[] {
  return Object.entries(metrics).flatMap(([key, metric]) => {
    if (metric.kind !== 'histogram' || !PLAIN_NAME.test(key)) return []
    if (metric.count - metric.censored === 0) return []
    return [{ name: `${key}.hgrm`, content: listing(key, metric) }]
  })
}

function listing(name: string, metric: HistogramMetric): string {
  const text = toHdr(metricCounts(metric)).outputPercentileDistribution(TICKS_PER_HALF)
  // Behind the listing: plotters take the first line for its head.
  const notes = [`#[Metric  = ${name}, Unit = microseconds]`]
  if (metric.censored > 0)
    notes.push(`#[Left out: ${metric.censored} samples that were still open, known only to be at least their value]`)
  if (metric.overflow > 0) notes.push(`#[Left out: ${metric.overflow} samples above the range]`)
  return `${text}${notes.join('\n')}\n`
}
