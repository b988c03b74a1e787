import { quantileOf } from '../histogram/percentiles.ts'
import { HistogramSet } from '../measure/histogram-set.ts'
import type { Microseconds } from '../model/units.ts'
import { US_PER_SECOND } from '../model/units.ts'
import type { Interval } from './protocol.ts'

/** What the workers did in some time, summed over them. */
interface Load {
  /** Stream-microseconds. */
  open: number
  wanted: number
  cpu: Microseconds
  span: Microseconds
  runDelay: Microseconds | null
  /** By worker: how long its loop was busy, of how much time. */
  loops: Map<number, { busy: Microseconds; span: Microseconds }>
}

/** One second of the run, over all workers; a phase border may leave a part of it unmeasured. */
export interface Second {
  set: HistogramSet
  whole: Load
  measured: Load
}

/** The own load of what was measured of one second; void rules count these. */
export interface LoadWindow {
  /** Measured time in it. */
  span: Microseconds
  open: number
  /** Of the busiest worker. */
  utilisation: number
  cores: number
  runDelayRatio: number | null
}

const newLoad = (): Load => ({ open: 0, wanted: 0, cpu: 0, span: 0, runDelay: null, loops: new Map() })
export const newSecond = (): Second => ({ set: new HistogramSet(), whole: newLoad(), measured: newLoad() })

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

export function addToSecond(second: Second, interval: Interval, measured: boolean): void {
  const span = interval.end - interval.start
  addTo(second.whole, interval, interval.open * span, interval.wanted * span)
  if (measured) addTo(second.measured, interval, interval.openTime, interval.wantedTime)
}

function addTo(load: Load, { worker, start, end, load: own }: Interval, open: number, wanted: number): void {
  const span = end - start
  load.open += open
  load.wanted += wanted
  load.cpu += own.cpu
  load.span += span
  if (own.runDelay !== null) load.runDelay = (load.runDelay ?? 0) + own.runDelay
  // By time: a few milliseconds at a phase border in which a worker was busy do not make it a busy second.
  const loop = load.loops.get(worker) ?? { busy: 0, span: 0 }
  load.loops.set(worker, { busy: loop.busy + own.utilisation * span, span: loop.span + span })
}

const utilisationOf = ({ loops }: Load): number =>
  [...loops.values()].reduce((most, { busy, span }) => Math.max(most, span === 0 ? 0 : busy / span), 0)

/** Null when nothing of the second was measured. */
export function windowOf({ measured }: Second, workers: number): LoadWindow | null {
  const span = measured.span / workers
  if (span <= 0) return null
  return {
    span,
    open: Math.round(measured.open / span),
    utilisation: utilisationOf(measured),
    cores: measured.cpu / span,
    runDelayRatio: measured.runDelay === null ? null : measured.runDelay / measured.span,
  }
}

/** Its line of the series, or null when no time passed in it. */
export function row(second: Second, workers: number): Record<(typeof COLUMNS)[number], number | null> | null {
  const { set, whole } = second
  const span = whole.span / workers
  if (span <= 0) return null
  const seconds = span / US_PER_SECOND
  const quantile = (key: string, q: number) => {
    const counts = set.findExact(key)
    return counts === null ? null : (quantileOf(counts, null, q)?.value ?? null)
  }
  return {
    open_streams: Math.round(whole.open / span),
    wanted_streams: Math.round(whole.wanted / span),
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
    loop_utilisation: utilisationOf(whole),
    cpu: whole.cpu / span,
  }
}
