import type { RunPlan } from '../model/plan.ts'
import type { Environment, Ledger, Leaks, Metrics, Phase, RunRecord, Series, Verdict } from '../model/record.ts'
import { RUN_SCHEMA } from '../model/record.ts'
import { US_PER_MS, US_PER_SECOND } from '../model/units.ts'
import { reconcile } from '../measure/reconcile.ts'
import { usableCores } from '../measure/limits.ts'
import { addLedgers } from './add-ledgers.ts'
import { Collector } from './collector.ts'
import { phaseMetrics, runMetrics } from './metrics.ts'
import { outcome } from './outcome.ts'
import type { SessionResult } from './session.ts'
import { defaultVerdicts, thresholdVerdicts } from './verdicts.ts'
import { loadWarnings, voidReasons } from './void-rules.ts'

export interface RecordInput {
  id: string
  command: string[]
  /** The plan as it may be shown. */
  plan: RunPlan
  environment: Environment
  sessions: readonly SessionResult[]
  leaks: Leaks | null
  extraVerdicts: readonly Verdict[]
  extraPhases: readonly Phase[]
  warnings: readonly string[]
  aborted: boolean
  /** Names of the measured phases that the top-level steady figures come from; null: all. */
  headline: readonly string[] | null
}

/** Everything that the sessions of a run found, judged and in the form of the contract. */
export function buildRecord(input: RecordInput): RunRecord {
  const { sessions, plan } = input
  const first = sessions[0]
  if (first === undefined) throw new Error('a run without a session has nothing to record')
  const ledger = addLedgers(sessions.map(sessionLedger))
  const collector = joinCollectors(sessions)
  const workers = sessions.flatMap((session) => session.workers)
  const streams = workers.reduce((sum, worker) => sum + worker.users, 0)
  const dropped = workers.reduce((sum, worker) => sum + worker.droppedArrivals, 0)
  const metrics = runMetrics(collector, streams, ledger, dropped, input.headline)
  const measuredSeconds = collector.phases
    .filter((p) => p.measured)
    .reduce((sum, p) => sum + (p.end - p.start) / US_PER_SECOND, 0)
  const verdicts = [
    ...defaultVerdicts(evidence(sessions, ledger, metrics)),
    ...input.extraVerdicts,
    ...thresholdVerdicts(plan.thresholds, metrics, measuredSeconds),
  ]
  const offsets = sessions.flatMap((session) => session.offsets)
  const clockError = offsets.length === 0 ? null : offsets.reduce((most, offset) => Math.max(most, offset.error), 0)
  const clockStep = workers.reduce(
    (most, worker) => (Math.abs(worker.clockStep) > Math.abs(most) ? worker.clockStep : most),
    0,
  )
  const isVoid = voidReasons({
    windows: collector.windows,
    workers: plan.workers,
    cores: usableCores(),
    arrivals: streams + dropped,
    droppedArrivals: dropped,
    clockError: first.commonClock ? null : clockError,
    clockStep,
  })
  const aborted = input.aborted || sessions.some((session) => session.aborted)
  const unreachable = sessions.every((session) => session.unreachable)
  const { status, exitCode } = outcome({
    aborted,
    unreachable,
    void: isVoid,
    verdicts,
    accepted: plan.acceptInconclusive,
  })
  const last = sessions.at(-1) ?? first
  const phases = Object.fromEntries(collector.phases.map((phase) => [phase.name, phaseMetrics(phase, streams)]))
  return {
    schema: RUN_SCHEMA,
    id: input.id,
    group: null,
    command: input.command,
    startedAt: isoTime(first.startAt),
    endedAt: isoTime(Math.max(last.endAt, ...input.extraPhases.map((phase) => phase.endUs))),
    status,
    exitCode,
    plan: plan as unknown as RunRecord['plan'],
    seed: plan.seed,
    environment: {
      ...input.environment,
      clock: {
        common: first.commonClock || offsets.length > 0,
        offsetUs: offsets.at(-1)?.offset ?? null,
        errorUs: clockError,
        stepUs: clockStep,
      },
      target:
        first.headers === null
          ? null
          : { server: first.headers['server'] ?? null, instance: first.headers['x-sse-harness-instance'] ?? null },
    },
    phases: [
      ...collector.phases.map((p) => ({ name: p.name, kind: p.kind, startUs: p.start, endUs: p.end })),
      ...input.extraPhases,
    ],
    metrics,
    generators: { node: { metrics, phases } },
    series: joinSeries(sessions),
    faultPlan: [],
    faults: sessions.flatMap((session) => session.faults),
    ends: sumRecords(workers.map((worker) => worker.ends)),
    failures: sumRecords(workers.map((worker) => worker.failures)),
    ledger,
    leaks: input.leaks,
    verdicts,
    void: isVoid,
    warnings: [...input.warnings, ...warnings(sessions, collector, ledger)],
  }
}

function sessionLedger(session: SessionResult): Ledger {
  const balances = session.workers.flatMap((worker) => worker.balances)
  const sequenced = session.reference || balances.some((balance) => balance.first >= 0)
  return reconcile(balances, session.books, sequenced)
}

function evidence(
  sessions: readonly SessionResult[],
  ledger: Ledger,
  metrics: Metrics,
): Parameters<typeof defaultVerdicts>[0] {
  const workers = sessions.flatMap((session) => session.workers)
  const total = (pick: (worker: (typeof workers)[number]) => number) =>
    workers.reduce((sum, worker) => sum + pick(worker), 0)
  const outages = metrics['sse_outage_duration']
  return {
    users: total((worker) => worker.users),
    everOpened: total((worker) => worker.everOpened),
    ledger,
    unexpectedEnds: total((worker) => worker.unexpected),
    ends: sumRecords(workers.map((worker) => worker.ends)),
    stillLost: total((worker) => worker.stillLost),
    losses: outages?.kind === 'histogram' ? outages.count : 0,
    targetAlive: sessions.every((session) => session.targetAlive),
  }
}

/** Sessions follow one another in time, so their phases and windows are laid end to end. */
function joinCollectors(sessions: readonly SessionResult[]): Collector {
  const joined = new Collector(1, () => sessions[0]?.startAt ?? 0, null)
  for (const { collector } of sessions) {
    joined.phases.push(...collector.phases)
    joined.windows.push(...collector.windows)
  }
  return joined
}

function joinSeries(sessions: readonly SessionResult[]): Series {
  const startUs = sessions[0]?.startAt ?? 0
  const joined: Series = { startUs, intervalUs: US_PER_SECOND, columns: {} }
  for (const session of sessions) {
    const { columns } = session.collector.series()
    const offset = Math.round((session.startAt - startUs) / US_PER_SECOND)
    for (const [name, values] of Object.entries(columns)) {
      const column = (joined.columns[name] ??= [])
      while (column.length < offset) column.push(null)
      column.push(...values.slice(Math.max(0, column.length - offset)))
    }
  }
  return joined
}

function warnings(sessions: readonly SessionResult[], collector: Collector, ledger: Ledger): string[] {
  const out = loadWarnings(collector.windows)
  for (const session of sessions) {
    if (session.unreachable) continue
    if (!session.workers.some((worker) => worker.stamped))
      out.push(
        'events carry no readable time stamp: there is no delivery latency, and staleness counts from receipt, not from when an event was due',
      )
    else if (!session.commonClock && session.offsets.length === 0)
      out.push(
        'the target is on another machine and its clock is unknown: delivery is given as variation over its minimum, and staleness counts from receipt',
      )
    const bad = session.workers.find((worker) => worker.badSequence !== null)?.badSequence
    if (bad != null) out.push(`a sequence was not a whole number: "${bad.slice(0, 80)}"`)
    for (const fault of session.faults)
      if (fault['observed'] === null) out.push(`${fault.fault} could not be done: ${String(fault['error'])}`)
  }
  if (ledger.unsequenced > 0 && ledger.lost !== null)
    out.push(`${ledger.unsequenced} events had no readable sequence and are in no sum`)
  return [...new Set(out)]
}

function sumRecords(records: readonly Record<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const record of records) for (const [key, value] of Object.entries(record)) sum[key] = (sum[key] ?? 0) + value
  return sum
}

const isoTime = (us: number): string => new Date(us / US_PER_MS).toISOString()
