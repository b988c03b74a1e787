import type { RunPlan } from '../model/plan.ts'
import type { Environment, Ledger, Leaks, Metrics, Phase, RunRecord, Verdict } from '../model/record.ts'
import { RUN_SCHEMA } from '../model/record.ts'
import { US_PER_MS, US_PER_SECOND } from '../model/units.ts'
import { reconcile } from '../measure/reconcile.ts'
import { sequenceTotals } from '../measure/sequence-sum.ts'
import { usableCores } from '../measure/limits.ts'
import { addLedgers } from './add-ledgers.ts'
import type { Collector } from './collector.ts'
import { joinCollectors, joinSeries } from './join-sessions.ts'
import { measuredCounts, phaseMetrics, runMetrics } from './metrics.ts'
import { outcome } from './outcome.ts'
import type { SessionResult } from './session-types.ts'
import { thresholdVerdicts } from './threshold-verdicts.ts'
import { defaultVerdicts } from './verdicts.ts'
import { voidReasons } from './void-rules.ts'
import { warningsOf } from './warnings.ts'

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
  /** The target still answered after everything that was done outside of the sessions. */
  targetAlive: boolean
}

/** Everything that the sessions of a run found, judged and in the form of the contract. */
export function buildRecord(input: RecordInput): RunRecord {
  const { sessions, plan } = input
  const ledger = addLedgers(sessions.map(sessionLedger))
  const collector = joinCollectors(sessions)
  const workers = sessions.flatMap((session) => session.workers)
  const streams = workers.reduce((sum, worker) => sum + worker.users, 0)
  const dropped = workers.reduce((sum, worker) => sum + worker.droppedArrivals, 0)
  const metrics = runMetrics(collector, streams, ledger, dropped, input.headline)
  const clock = clockFacts(sessions)
  const verdicts = [
    ...defaultVerdicts(evidence(input, ledger, metrics)),
    ...input.extraVerdicts,
    ...thresholdVerdicts(plan.thresholds, metrics, measuredSeconds(collector), measuredCounts(collector.phases)),
  ]
  const isVoid = voidReasons({
    windows: collector.windows,
    workers: plan.workers,
    cores: usableCores(),
    arrivals: streams + dropped,
    droppedArrivals: dropped,
    clockError: clock.sameMachine ? null : clock.errorUs,
    clockStep: clock.stepUs,
  })
  const { status, exitCode } = outcome({
    aborted: input.aborted || sessions.some((session) => session.aborted),
    unreachable: sessions.every((session) => session.unreachable),
    void: isVoid,
    verdicts,
    accepted: plan.acceptInconclusive,
  })
  const phases = Object.fromEntries(collector.phases.map((phase) => [phase.name, phaseMetrics(phase, streams)]))
  return {
    ...identity(input),
    status,
    exitCode,
    environment: environmentOf(input, clock),
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
    warnings: [...input.warnings, ...warningsOf(sessions, collector, ledger)],
  }
}

function firstOf(sessions: readonly SessionResult[]): SessionResult {
  const [first] = sessions
  if (first === undefined) throw new Error('a run without a session has nothing to record')
  return first
}

type Identity = 'schema' | 'id' | 'group' | 'command' | 'startedAt' | 'endedAt' | 'plan' | 'seed'

/** Which run it was. */
function identity(input: RecordInput): Pick<RunRecord, Identity> {
  const { sessions, plan, extraPhases } = input
  const ends = [...sessions.map((session) => session.endAt), ...extraPhases.map((phase) => phase.endUs)]
  return {
    schema: RUN_SCHEMA,
    id: input.id,
    group: null,
    command: input.command,
    startedAt: isoTime(firstOf(sessions).startAt),
    endedAt: isoTime(Math.max(...ends)),
    plan: plan as unknown as RunRecord['plan'],
    seed: plan.seed,
  }
}

interface ClockFacts {
  sameMachine: boolean
  offsetUs: number | null
  errorUs: number | null
  stepUs: number
}

/** What the stamps of the target are worth, over the whole run. */
function clockFacts(sessions: readonly SessionResult[]): ClockFacts {
  const offsets = sessions.flatMap((session) => session.offsets)
  const steps = sessions.flatMap((session) => session.workers.map((worker) => worker.clockStep))
  return {
    sameMachine: firstOf(sessions).commonClock,
    offsetUs: offsets.at(-1)?.offset ?? null,
    errorUs: offsets.length === 0 ? null : offsets.reduce((most, offset) => Math.max(most, offset.error), 0),
    stepUs: steps.reduce((most, step) => (Math.abs(step) > Math.abs(most) ? step : most), 0),
  }
}

function environmentOf({ environment, sessions }: RecordInput, clock: ClockFacts): Environment {
  const { sameMachine, offsetUs, errorUs, stepUs } = clock
  const { headers } = firstOf(sessions)
  return {
    ...environment,
    clock: { common: sameMachine || offsetUs !== null, offsetUs, errorUs, stepUs },
    target:
      headers === null
        ? null
        : { server: headers['server'] ?? null, instance: headers['x-sse-harness-instance'] ?? null },
  }
}

/** Counters run over all measured phases, so rates are per second of these. */
function measuredSeconds(collector: Collector): number {
  const measured = collector.phases.filter((phase) => phase.measured)
  return measured.reduce((sum, phase) => sum + (phase.end - phase.start) / US_PER_SECOND, 0)
}

const balancesOf = (session: SessionResult) => session.workers.flatMap((worker) => worker.balances)

const overdueOf = (session: SessionResult): number => sequenceTotals(balancesOf(session), session.books).overdue

function sessionLedger(session: SessionResult): Ledger {
  const balances = balancesOf(session)
  const sequenced = session.reference || balances.some((balance) => balance.first >= 0)
  return reconcile(balances, session.books, sequenced)
}

function evidence(
  { sessions, targetAlive }: RecordInput,
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
    overdue: sessions.reduce((sum, session) => sum + overdueOf(session), 0),
    unexpectedEnds: total((worker) => worker.unexpected),
    ends: sumRecords(workers.map((worker) => worker.ends)),
    stillLost: total((worker) => worker.stillLost),
    losses: outages?.kind === 'histogram' ? outages.count : 0,
    targetAlive: targetAlive && sessions.every((session) => session.targetAlive),
  }
}

function sumRecords(records: readonly Record<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const record of records) for (const [key, value] of Object.entries(record)) sum[key] = (sum[key] ?? 0) + value
  return sum
}

const isoTime = (us: number): string => new Date(us / US_PER_MS).toISOString()
