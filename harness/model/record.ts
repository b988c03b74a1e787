import { z } from 'zod'

import { Leaks } from './recorded-leaks.ts'
import { Metrics } from './recorded-metric.ts'
import { Resilience } from './recorded-resilience.ts'

export type { Leaks, LeakSignal } from './recorded-leaks.ts'
export { QUANTILES } from './recorded-metric.ts'
export type { FaultEffect, Resilience } from './recorded-resilience.ts'
export type { GaugeMetric, HistogramMetric, Metric, Metrics, QuantileName } from './recorded-metric.ts'

export const RUN_SCHEMA = 'sse-harness/run@1'

/** Before the phases, verdicts and tags of k6 in a run that our own clients have a part of as well. */
export const K6_PREFIX = 'k6/'

const Phase = z.object({
  name: z.string(),
  kind: z.enum(['set-up', 'warm-up', 'measure', 'stop', 'settle', 'cycles']),
  startUs: z.number(),
  endUs: z.number(),
})

const Verdict = z.object({
  name: z.string(),
  status: z.enum(['pass', 'fail', 'inconclusive']),
  expected: z.string(),
  actual: z.string(),
  why: z.string(),
})

const Reasons = z.record(z.string(), z.int())

const LostRange = z.object({ stream: z.int(), from: z.int(), to: z.int() })

/** The two sides of one sum whose terms were counted in different places. */
const Identity = z.object({
  name: z.string(),
  left: z.string(),
  right: z.string(),
  leftValue: z.number(),
  rightValue: z.number(),
  brokenStreams: z.int(),
  holds: z.boolean(),
})

const Ledger = z.object({
  reconcilable: z.boolean(),
  why: z.string().nullable().describe('why not, when it is not'),
  streams: z.int(),
  connections: z.int(),
  expected: z.int().nullable().describe('from the first event due after joining to the head at the stop'),
  received: z.int().describe('first receipts'),
  duplicates: z.int().nullable(),
  lost: z.int().nullable().describe('expected and never received'),
  lostFromSteady: z.int().nullable().optional().describe('of these, from streams that read as fast as they could'),
  dropped: z.int().nullable().describe("expected and never received because the server's policy dropped them"),
  droppedFromSteady: z.int().nullable().describe('of these, from streams that read as fast as they could'),
  undrained: z.int().nullable().describe('still on their way when the client stopped reading'),
  reordered: z.int().nullable(),
  replayed: z.int().nullable(),
  unsequenced: z.int().describe('events without a readable sequence'),
  server: z
    .object({
      offered: z.int(),
      written: z.int(),
      droppedByPolicy: z.int(),
      queued: z.int(),
      cut: z.int().describe('written into a connection that broke before they arrived'),
    })
    .nullable(),
  identities: z.array(Identity),
  lostRanges: z.array(LostRange).describe('the first 100'),
})

/** What one load generator measured. The optional part is k6's; that of our own clients stands at the top of a record that has both. */
const Generator = z.object({
  metrics: Metrics,
  phases: z.record(z.string(), Metrics),
  ledger: Ledger.nullable().optional().describe('null: not every stream was accounted for'),
  ends: Reasons.optional(),
  failures: Reasons.optional(),
  version: z.string().optional(),
  script: z.string().optional(),
})

const Fault = z.looseObject({
  stream: z.int().nullable(),
  attempt: z.int().nullable(),
  fault: z.string(),
  at: z.number().nullable().describe('microseconds from the start of the first measured phase; so is observed.at'),
})

const Environment = z.object({
  os: z.string(),
  cpu: z.string(),
  cores: z.int().describe('that this process may use'),
  memoryBytes: z.number(),
  cgroup: z.object({
    cpuMax: z.string().nullable(),
    memoryMax: z.string().nullable(),
    pidsMax: z.string().nullable(),
  }),
  openFiles: z.number().nullable(),
  ephemeralPorts: z.tuple([z.int(), z.int()]).nullable(),
  node: z.string(),
  k6: z.string().nullable(),
  harness: z.string(),
  gitCommit: z.string().nullable(),
  clock: z
    .object({
      common: z.boolean().describe('the target shares a clock with the harness, or its offset is known'),
      offsetUs: z.number().nullable(),
      errorUs: z.number().nullable(),
      stepUs: z.number().describe("how far this machine's wall clock was moved during the run"),
    })
    .nullable(),
  target: z.object({ server: z.string().nullable(), instance: z.string().nullable() }).nullable(),
})

const Series = z.object({
  startUs: z.number(),
  intervalUs: z.number(),
  columns: z.record(z.string(), z.array(z.number().nullable())),
})

const Void = z.object({ rule: z.string(), actual: z.string(), limit: z.string(), remedy: z.string() })

/** One run: everything a report, a comparison or a gate reads. Published as docs/schemas/run.schema.json. */
export const RunRecordSchema = z.object({
  schema: z.literal(RUN_SCHEMA),
  id: z.string(),
  group: z.string().nullable(),
  command: z.array(z.string()),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  status: z.enum(['pass', 'fail', 'void', 'inconclusive', 'aborted', 'error']),
  exitCode: z.int(),
  plan: z.looseObject({}),
  seed: z.int(),
  environment: Environment,
  phases: z.array(Phase),
  metrics: Metrics,
  generators: z.object({ node: Generator.optional(), k6: Generator.optional() }),
  series: Series,
  faultPlan: z.array(Fault),
  faults: z.array(Fault),
  ends: Reasons,
  failures: Reasons.describe('connection attempts that failed, by reason'),
  ledger: Ledger.nullable(),
  leaks: Leaks.nullable(),
  resilience: Resilience.nullable().optional(),
  verdicts: z.array(Verdict),
  void: z.array(Void).describe('why the run cannot be trusted; empty when it can'),
  warnings: z.array(z.string()),
})

/**
 * The columns of `series` that reports know by name, with their units; others may stand beside them. One value per
 * interval, null where nothing was sampled.
 */
export const SERIES_COLUMNS = {
  open_streams: 'count',
  wanted_streams: 'count',
  events_per_second: 'per-second',
  bytes_per_second: 'bytes',
  staleness_p50: 'us',
  staleness_p99: 'us',
  delivery_p50: 'us',
  delivery_p99: 'us',
  queue_delay_p99: 'us',
  connections_opened: 'count',
  reconnects: 'count',
  connections_failed: 'count',
  loop_utilisation: 'ratio',
  cpu: 'ratio',
  server_rss: 'bytes',
  server_queued: 'bytes',
  server_blocked: 'count',
} as const
export type SeriesColumn = keyof typeof SERIES_COLUMNS

export type RunRecord = z.infer<typeof RunRecordSchema>
export type Phase = z.infer<typeof Phase>
export type PhaseKind = Phase['kind']
export type Verdict = z.infer<typeof Verdict>
export type Ledger = z.infer<typeof Ledger>
export type LostRange = z.infer<typeof LostRange>
export type LedgerIdentity = z.infer<typeof Identity>
export type Fault = z.infer<typeof Fault>
export type Environment = z.infer<typeof Environment>
export type Series = z.infer<typeof Series>
export type VoidReason = z.infer<typeof Void>
export type RunStatus = RunRecord['status']
