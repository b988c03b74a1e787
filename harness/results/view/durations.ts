import type { HistogramMetric, Metrics, RunRecord } from '../../model/record.ts'
import { formatDuration } from '../../model/units.ts'
import { paragraph, section, table } from './build.ts'
import { labelOf, PERCENTILES } from './labels.ts'
import {
  hasSamples,
  histogramOf,
  maxCell,
  meanCell,
  NONE,
  QUANTILE_NAMES,
  quantileCell,
  samplesCell,
} from './numbers.ts'
import type { Cell, Level, Section, TableBlock } from './types.ts'

const UNCORRECTED = '_uncorrected'
const COLUMNS = ['', ...QUANTILE_NAMES.map((name) => `${PERCENTILES[name]}#`), 'max#', 'mean#', 'samples#']

interface Group {
  id: string
  title: string
  level: Level
  names: readonly string[]
  /** Said when none of the group was measured; left out when that is nothing to remark. */
  missing?: string
}

const GROUPS: readonly Group[] = [
  {
    id: 'freshness',
    title: 'Freshness and delivery',
    level: 'terminal',
    names: [
      'sse_staleness',
      'sse_delivery_latency',
      'sse_transit_latency',
      'sse_delivery_variation',
      'sse_fanout_duration',
      'sse_event_gap',
      'sse_worst_gap',
    ],
    missing: 'No freshness or delivery latency was measured: no stamped event arrived in a measured phase.',
  },
  {
    id: 'connecting',
    title: 'Connecting',
    level: 'terminal',
    names: [
      'sse_connect_duration',
      'sse_headers_duration',
      'sse_first_event_duration',
      // Of a foreign k6, which knows nothing of when a stream was due.
      'sse_headers_duration_uncorrected',
    ],
    missing: 'No connection was made.',
  },
  {
    id: 'recovery',
    title: 'Loss and recovery of streams',
    level: 'terminal',
    names: [
      'sse_outage_duration',
      'sse_reconnect_detect',
      'sse_reconnect_wait',
      'sse_reconnect_attempt',
      'sse_reconnect_first_event',
      'sse_recovery_duration',
    ],
  },
  { id: 'life', title: 'Life of the streams', level: 'file', names: ['sse_stream_duration'] },
  { id: 'harness', title: 'The harness itself', level: 'file', names: ['harness_queue_delay', 'harness_gc_pause'] },
]
const KNOWN = new Set(GROUPS.flatMap(({ names }) => names))

/** Counted in full by the harness's own queueing, so that it has to stand beside them. */
const QUEUED: ReadonlySet<string> = new Set([
  'sse_staleness',
  'sse_delivery_latency',
  'sse_transit_latency',
  'sse_delivery_variation',
])

/** Percentile tables by theme: corrected, its uncorrected twin, and what the harness itself may have added. */
export function durationSections(record: RunRecord): Section[] {
  const sections = GROUPS.map((group) => groupSection(group, record.metrics))
  return [...sections, others(record.metrics)].filter((found) => found !== null)
}

function groupSection({ id, title, level, names, missing }: Group, metrics: Metrics): Section | null {
  const keys = Object.keys(metrics).filter((key) => names.includes(baseName(key)))
  const inOrder = names.flatMap((name) => keys.filter((key) => baseName(key) === name && !isTwin(key, metrics)))
  const rows = inOrder.flatMap((key) => rowsOf(key, metrics))
  if (rows.length > 0) return section(id, title, level, [table(COLUMNS, rows)])
  return missing === undefined ? null : section(id, title, level, [paragraph(missing, 'quiet')])
}

function others(metrics: Metrics): Section | null {
  const keys = Object.keys(metrics).filter((key) => !KNOWN.has(baseName(key)) && !isTwin(key, metrics))
  const rows = keys.flatMap((key) => rowsOf(key, metrics))
  return rows.length === 0 ? null : section('durations', 'Other durations', 'file', [table(COLUMNS, rows)])
}

/** Every duration of a generator, whatever its theme. */
export function durationTable(metrics: Metrics): TableBlock | null {
  const rows = Object.keys(metrics).flatMap((key) => (isTwin(key, metrics) ? [] : rowsOf(key, metrics)))
  return rows.length === 0 ? null : table(COLUMNS, rows)
}

function rowsOf(key: string, metrics: Metrics): Cell[][] {
  const metric = histogramOf(metrics[key])
  if (metric === null || !hasSamples(metric)) return []
  const rows = [row(labelOf(key), key, metric)]
  const queue = QUEUED.has(baseName(key)) ? histogramOf(metrics['harness_queue_delay']) : null
  if (queue !== null && hasSamples(queue)) rows.push(queueRow(queue))
  const twin = histogramOf(metrics[twinOf(key)])
  if (twin !== null && hasSamples(twin)) rows.push(row('uncorrected', twinOf(key), twin))
  return rows
}

function row(label: string, key: string, metric: HistogramMetric): Cell[] {
  const percentiles = QUANTILE_NAMES.map((name) => quantileCell(metric, name))
  return [label, ...percentiles, maxCell(metric), meanCell(metric), samplesCell(key, metric)]
}

/** At the same percentile: an upper bound of the harness's part, not a difference to take. */
function queueRow(queue: HistogramMetric): Cell[] {
  const atMost = QUANTILE_NAMES.map((name): Cell => {
    const value = queue[name]
    return { text: value === null ? 'n/a' : formatDuration(value), tone: 'quiet' }
  })
  const max = queue.max === null ? NONE : formatDuration(queue.max)
  const quiet = (text: string): Cell => ({ text, tone: 'quiet' })
  return [quiet('of which the harness at most'), ...atMost, quiet(max), '', '']
}

const baseName = (key: string) => key.split('{')[0] ?? key

function twinOf(key: string): string {
  const name = baseName(key)
  return `${name}${UNCORRECTED}${key.slice(name.length)}`
}

function isTwin(key: string, metrics: Metrics): boolean {
  const name = baseName(key)
  return name.endsWith(UNCORRECTED) && `${name.slice(0, -UNCORRECTED.length)}${key.slice(name.length)}` in metrics
}
