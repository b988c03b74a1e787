import { censoredCounts, metricCounts, summarise } from '../../histogram/summary.ts'
import type { HistogramMetric, Ledger, Metric, Metrics, Phase, PhaseKind, RunRecord } from '../../model/record.ts'
import { histogramOf } from './numbers.ts'

/** The verdict on whether the halves say the same of the target. */
export const AGREEMENT = 'generators_agree'

/** What one load generator found; a record holds one or two of them, and they are never added up. */
export interface Half {
  title: string
  metrics: Metrics
  phases: Readonly<Record<string, Metrics>>
  ledger: Ledger | null
  ends: Readonly<Record<string, number>>
  failures: RunRecord['failures']
}

export function halvesOf(record: RunRecord): { node: Half | null; k6: Half | null } {
  const { node, k6 } = record.generators
  const top = { ledger: record.ledger, ends: record.ends, failures: record.failures }
  const own = { ledger: k6?.ledger ?? null, ends: k6?.ends ?? {}, failures: k6?.failures ?? {} }
  return {
    node: node === undefined ? null : { title: 'Node harness', metrics: node.metrics, phases: node.phases, ...top },
    k6:
      k6 === undefined
        ? null
        : { title: 'k6', metrics: k6.metrics, phases: k6.phases, ...(node === undefined ? top : own) },
  }
}

/** Both halves, or null when one generator ran alone and there is nothing to compare. */
export function bothOf(record: RunRecord): { node: Half; k6: Half } | null {
  const { node, k6 } = halvesOf(record)
  return node === null || k6 === null ? null : { node, k6 }
}

export const k6VersionOf = ({ generators, environment }: RunRecord): string | null =>
  generators.k6?.version ?? environment.k6

/** `Node harness and k6 v1.3.0, script bench.ts`; null when no generator got as far as a result. */
export function generatorText(record: RunRecord): string | null {
  const { node, k6 } = record.generators
  const names = node === undefined ? [] : ['Node harness']
  if (k6 !== undefined) {
    const version = k6VersionOf(record)
    const named = version === null ? 'k6' : version.startsWith('k6') ? version : `k6 ${version}`
    names.push(k6.script === undefined ? named : `${named}, script ${k6.script}`)
  }
  return names.length === 0 ? null : names.join(' and ')
}

/** What a half is compared by: one measured phase, and the life of the streams that were measured in it. */
export interface Compared {
  phase: Phase
  measured: Metrics
  life: (key: string) => Metric | undefined
}

const AROUND: ReadonlySet<PhaseKind> = new Set(['set-up', 'warm-up', 'stop', 'settle'])

/** The phase called `name`, else the only measured one; null when there is none or no telling which. */
export function comparedOf(half: Half, phases: readonly Phase[], name: string): Compared | null {
  const own = phases.filter((phase) => phase.name in half.phases)
  const measured = own.filter(({ kind }) => kind === 'measure')
  const phase =
    measured.find((candidate) => candidate.name === name) ?? (measured.length === 1 ? measured[0] : undefined)
  if (phase === undefined) return null
  // Streams are opened before the phase, and one that never got an event is only known at its end. Other measured
  // phases do something else to the server, and other sessions have other streams.
  const life = own.filter(
    (other) => other === phase || (AROUND.has(other.kind) && sessionOf(other.name) === sessionOf(phase.name)),
  )
  const metrics = life.map((other) => half.phases[other.name] ?? {})
  return {
    phase,
    measured: half.phases[phase.name] ?? {},
    life: (key) => sum(metrics.flatMap((metricsOfPhase) => metricsOfPhase[key] ?? [])),
  }
}

/** `slow-readers/measure` -> `slow-readers/`: the phases of one set of streams. */
const sessionOf = (phase: string) => phase.slice(0, phase.lastIndexOf('/') + 1)

function sum(metrics: readonly Metric[]): Metric | undefined {
  const [first] = metrics
  if (first?.kind === 'counter')
    return {
      kind: 'counter',
      value: metrics.reduce((total, metric) => total + (metric.kind === 'counter' ? metric.value : 0), 0),
    }
  const histograms = metrics.map(histogramOf).filter((found) => found !== null)
  return histograms.length > 1 ? added(histograms) : first
}

/** Counts are added and percentiles taken anew: those of two phases have no mean that would be a percentile. */
function added(histograms: readonly HistogramMetric[]): HistogramMetric | undefined {
  const [exact, ...more] = histograms.map(metricCounts)
  if (exact === undefined) return undefined
  for (const counts of more) exact.add(counts)
  const [open = null, ...moreOpen] = histograms.map(censoredCounts).filter((counts) => counts !== null)
  for (const counts of moreOpen) open?.add(counts)
  const independent = histograms.reduce((total, metric) => total + metric.independent, 0)
  return summarise(exact, open, independent)
}
