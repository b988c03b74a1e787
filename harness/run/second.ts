import { quantileOf } from '../histogram/percentiles.ts'
import { HistogramSet } from '../measure/histogram-set.ts'
import type { Microseconds } from '../model/units.ts'
import { US_PER_SECOND } from '../model/units.ts'
import type { Interval } from './protocol.ts'

/** One second of the run, over all workers. */
export interface Second {
  set: HistogramSet
  open: number
  wanted: number
  utilisation: number
  cpu: Microseconds
  span: Microseconds
  runDelay: Microseconds | null
  measured: boolean
}

export const newSecond = (): Second => ({
  set: new HistogramSet(),
  open: 0,
  wanted: 0,
  utilisation: 0,
  cpu: 0,
  span: 0,
  runDelay: null,
  measured: false,
})

export const COLUMNS = [
  'open_streams',
  'wanted_streams',
  'events_per_second',
  'bytes_per_second',
  'staleness_p50',
  'staleness_p99',
  'delivery_p50',
  'delivery_p99',
  'queue_delay_p99',
  'connections_opened',
  'reconnects',
  'connections_failed',
  'loop_utilisation',
  'cpu',
] as const

export function addToSecond(second: Second, interval: Interval): void {
  const span = interval.end - interval.start
  // A phase border inside a second makes two intervals of one worker: weighted by their length.
  second.open += (interval.open * span) / US_PER_SECOND
  second.wanted += (interval.wanted * span) / US_PER_SECOND
  second.utilisation = Math.max(second.utilisation, interval.load.utilisation)
  second.cpu += interval.load.cpu
  second.span += span
  if (interval.load.runDelay !== null) second.runDelay = (second.runDelay ?? 0) + interval.load.runDelay
}

export function row(second: Second, seconds: number, cores: number): Record<(typeof COLUMNS)[number], number | null> {
  const { set } = second
  const quantile = (key: string, q: number) => {
    const counts = set.findExact(key)
    return counts === null ? null : (quantileOf(counts, null, q)?.value ?? null)
  }
  return {
    open_streams: Math.round(second.open / seconds),
    wanted_streams: Math.round(second.wanted / seconds),
    events_per_second: Math.round(set.counters.sse_events_received / seconds),
    bytes_per_second: Math.round(set.counters.sse_bytes_received / seconds),
    staleness_p50: quantile('sse_staleness', 0.5),
    staleness_p99: quantile('sse_staleness', 0.99),
    delivery_p50: quantile('sse_delivery_latency', 0.5),
    delivery_p99: quantile('sse_delivery_latency', 0.99),
    queue_delay_p99: quantile('harness_queue_delay', 0.99),
    connections_opened: set.counters.sse_connections_opened,
    reconnects: set.counters.sse_reconnects,
    connections_failed: set.counters.sse_connections_failed,
    loop_utilisation: second.utilisation,
    cpu: cores,
  }
}
