import { stringify } from 'yaml'

import type { Environment, Metrics, Phase, RunRecord } from '../../model/record.ts'
import { formatBytes, formatCount, formatDuration } from '../../model/units.ts'
import { paragraph, section, table } from './build.ts'
import { generatorText, k6VersionOf } from './halves.ts'
import { meaningOf, independentOf } from './labels.ts'
import { absent, histogramOf, quantileCell, UNKNOWN } from './numbers.ts'
import type { Block, Cell, Section } from './types.ts'

/** Times in a record are epoch microseconds; people count from the start of the run. */
export const originOf = ({ phases, series }: RunRecord): number =>
  Math.min(...phases.map(({ startUs }) => startUs), series.startUs)

/** Times of faults count from the start of the first measured phase. */
export const measureStartOf = (record: RunRecord): number =>
  record.phases.find(({ kind }) => kind === 'measure')?.startUs ?? originOf(record)

export function phaseSection(record: RunRecord): Section {
  // Parts of a run that are no session are added at its end, wherever they were in time.
  const phases = record.phases.toSorted((a, b) => a.startUs - b.startUs)
  if (phases.length === 0)
    return section('phases', 'Phases', 'file', [paragraph('The run ended before its first phase.', 'quiet')])
  const origin = originOf(record)
  const titles = ['Phase', 'Kind', 'From#', 'Length#', 'Staleness p99#', 'Delivery p50#', 'Delivery p99#']
  return section('phases', 'Phases', 'file', [
    table(
      titles,
      phases.map((phase) => phaseRow(phase, origin, record)),
    ),
  ])
}

function phaseRow({ name, kind, startUs, endUs }: Phase, origin: number, { generators }: RunRecord): Cell[] {
  const metrics: Metrics = generators.node?.phases[name] ?? generators.k6?.phases[name] ?? {}
  const cell = (key: string, quantile: 'p50' | 'p99'): Cell => {
    const metric = histogramOf(metrics[key])
    return metric === null || metric.count === 0 ? absent() : quantileCell(metric, quantile)
  }
  return [
    name,
    kind,
    formatDuration(startUs - origin),
    formatDuration(endUs - startUs),
    cell('sse_staleness', 'p99'),
    cell('sse_delivery_latency', 'p50'),
    cell('sse_delivery_latency', 'p99'),
  ]
}

export function environmentSection(record: RunRecord): Section {
  return section('environment', 'Environment', 'file', [table(['', ''], environmentRows(record))])
}

function environmentRows(record: RunRecord): Cell[][] {
  const { environment } = record
  const known = (value: string | number | null): Cell => (value === null ? UNKNOWN : `${value}`)
  const { cgroup, ephemeralPorts: ports, clock, target } = environment
  const limits = `cpu.max ${cgroup.cpuMax ?? 'unlimited'}, memory.max ${cgroup.memoryMax ?? 'unlimited'}, pids.max ${cgroup.pidsMax ?? 'unlimited'}`
  return [
    ['System', environment.os],
    ['Processor', `${environment.cpu}, ${formatCount(environment.cores)} cores for this process`],
    ['Memory', formatBytes(environment.memoryBytes)],
    ['Limits (cgroup)', limits],
    ['Open files', environment.openFiles === null ? UNKNOWN : formatCount(environment.openFiles)],
    ['Ephemeral ports', ports === null ? UNKNOWN : `${ports[0]} to ${ports[1]}`],
    ['Load by', generatorText(record) ?? UNKNOWN],
    ['Node', environment.node],
    ['k6', k6Cell(record)],
    ['sse-harness', environment.harness],
    ['Git commit', known(environment.gitCommit)],
    ['Clock', clock === null ? UNKNOWN : clockText(clock)],
    [
      'Target',
      target === null ? UNKNOWN : `server ${target.server ?? 'unknown'}, instance ${target.instance ?? 'unknown'}`,
    ],
  ]
}

const k6Cell = (record: RunRecord): Cell =>
  k6VersionOf(record) ?? (record.generators.k6 === undefined ? { text: 'not used', tone: 'quiet' } : UNKNOWN)

function clockText(clock: NonNullable<Environment['clock']>): Cell {
  const step = `wall clock moved by ${formatDuration(clock.stepUs)}`
  if (!clock.common) return { text: `none in common with the target, so no absolute latency; ${step}`, tone: 'warn' }
  const offset = clock.offsetUs === null ? 'unknown' : formatDuration(clock.offsetUs)
  const error = clock.errorUs === null ? 'unknown' : formatDuration(clock.errorUs)
  return `offset ${offset}, error at most ${error}; ${step}`
}

/** As resolved and with its secrets cut out, in the form that `load --plan` reads. */
export function planSection({ plan, seed, command }: RunRecord): Section {
  const redacted = Array.isArray(plan['redacted']) ? plan['redacted'].map(String) : []
  const blocks: Block[] = [paragraph(`Command: ${command.join(' ')}. Seed: ${seed}.`)]
  if (redacted.length > 0) blocks.push(paragraph(`Secrets cut out: ${redacted.join(', ')}.`))
  blocks.push({ kind: 'code', language: 'yaml', text: stringify(plan, { lineWidth: 0 }).trimEnd() })
  return section('plan', 'Plan', 'file', blocks)
}

export function measuredSection({ metrics, generators }: RunRecord): Section | null {
  // A metric that only k6 has is measured in the same way.
  const rows = Object.entries({ ...generators.k6?.metrics, ...metrics }).map(([key, { kind }]): Cell[] => [
    key,
    kind,
    meaningOf(key),
    kind === 'histogram' ? independentOf(key) : '',
  ])
  if (rows.length === 0) return null
  return section('measured', 'How each number was measured', 'page', [
    table(['Metric', 'Kind', 'From where to where', 'Judged by'], rows),
  ])
}
