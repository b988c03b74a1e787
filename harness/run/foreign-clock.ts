import type { SparseHistogram } from '../measure/histogram-set.ts'
import type { Interval } from './protocol.ts'

/** What counts from a stamp of the target. */
const FROM_STAMPS: ReadonlySet<string> = new Set(['sse_delivery_latency', 'sse_transit_latency', 'sse_staleness'])

/**
 * An interval of a generator that took the target's stamps for its own time although the target has another clock: what
 * it made of them is the difference of two clocks and no latency, and is left out.
 */
export function withoutClock(interval: Interval): Interval {
  const ofOneClock = ({ key }: SparseHistogram): boolean => !FROM_STAMPS.has(key)
  const phases = interval.phases.map(({ index, set }) => ({
    index,
    set: { histograms: set.histograms.filter(ofOneClock), counters: { ...set.counters, sse_negative_latency: 0 } },
  }))
  return { ...interval, phases, fanout: [] }
}
