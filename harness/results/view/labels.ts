import { METRICS, parseMetricKey } from '../../model/metric.ts'
import type { MetricName, MetricSpec } from '../../model/metric.ts'
import type { QuantileName, RunStatus } from '../../model/record.ts'
import type { Tone } from './types.ts'

const LABELS: Readonly<Record<string, string>> = {
  sse_staleness: 'Staleness',
  sse_delivery_latency: 'Delivery latency',
  sse_transit_latency: 'Transit latency',
  sse_delivery_variation: 'Delivery variation',
  sse_connect_duration: 'Connect',
  sse_headers_duration: 'Headers',
  sse_headers_duration_uncorrected: 'Headers, uncorrected',
  sse_first_event_duration: 'First event',
  sse_event_gap: 'Gap between events',
  sse_worst_gap: 'Worst gap of a stream',
  sse_fanout_duration: 'Fan-out',
  sse_outage_duration: 'Outage',
  sse_reconnect_detect: 'of it: noticed after',
  sse_reconnect_wait: 'of it: waited',
  sse_reconnect_attempt: 'of it: attempt',
  sse_reconnect_first_event: 'of it: first event',
  sse_recovery_duration: 'Recovery after a fault',
  sse_stream_duration: 'Life of a stream',
  harness_queue_delay: 'Own queueing',
  harness_gc_pause: 'Garbage collection',
}

const specOf = (key: string): MetricSpec | undefined => METRICS[parseMetricKey(key).name as MetricName]

/** `sse_stream_duration{reason=clean}` -> `Life of a stream, reason clean`; a metric we do not know keeps its key. */
export function labelOf(key: string): string {
  const { name, tags } = parseMetricKey(key)
  const label = LABELS[name] ?? name
  return [label, ...Object.entries(tags).map(([tag, value]) => `${tag} ${value}`)].join(', ')
}

/** From where to where the metric is measured. */
export const meaningOf = (key: string): string => specOf(key)?.what ?? 'not one of the metrics that this version knows'

/** What one independent sample of the metric is: bursts, streams or ticks. */
export function independentOf(key: string): string {
  const spec = specOf(key)
  return spec?.kind === 'histogram' ? spec.independent : 'samples'
}

export const PERCENTILES: Readonly<Record<QuantileName, string>> = {
  p50: 'p50',
  p90: 'p90',
  p95: 'p95',
  p99: 'p99',
  p999: 'p99.9',
}

export const STATUS: Readonly<Record<RunStatus, { word: string; tone: Tone }>> = {
  pass: { word: 'Pass', tone: 'good' },
  fail: { word: 'Fail', tone: 'bad' },
  void: { word: 'Void', tone: 'warn' },
  inconclusive: { word: 'Inconclusive', tone: 'warn' },
  aborted: { word: 'Aborted', tone: 'warn' },
  error: { word: 'Error', tone: 'bad' },
}

export const VERDICT_TONES = { pass: 'good', fail: 'bad', inconclusive: 'warn' } as const
export const LEAK_TONES = { clean: 'good', leak: 'bad', undecided: 'warn', informative: 'quiet' } as const
