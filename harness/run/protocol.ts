import type { SetSnapshot } from '../measure/histogram-set.ts'
import type { FanoutEntry } from '../measure/fanout.ts'
import type { StreamBalance } from '../measure/balance.ts'
import type { StampClock } from '../measure/recorder.ts'
import type { EndTallies } from '../measure/tallies.ts'
import type { ProfileName, RunPlan } from '../model/plan.ts'
import type { PhaseKind } from '../model/record.ts'
import type { Microseconds } from '../model/units.ts'

/** One virtual user as a worker is told of it. */
export interface UserSpec {
  stream: number
  dueAt: Microseconds
  profile: ProfileName
}

export interface WorkerConfig {
  plan: RunPlan
  worker: number
  /** Start of the run on everyone's clock; intervals are whole seconds from here. */
  startAt: Microseconds
  users: UserSpec[]
  /** Most streams of this worker that may be open at once; an arrival beyond is dropped and counted. */
  mostOpen: number
  /** The run's clock is shared with the target from the start. */
  commonClock: boolean
}

/** One connection as the server has it: its number, the last sequence written into it, and what is queued behind that. */
export type DrainTarget = [serverStream: number, last: number, queued: number]

/** Coordinator -> worker. */
export type ToWorker =
  | { type: 'start'; config: WorkerConfig }
  | { type: 'phase'; kind: PhaseKind; measured: boolean; at: Microseconds }
  | { type: 'clock'; clock: StampClock; offset: Microseconds }
  /** The open streams with these server numbers will be ended by the target on the plan's behalf; null: all. */
  | { type: 'expect-ends'; fault: number; serverStreams: number[] | null }
  /** How many streams have not caught up with these? Slow readers are not waited for. */
  | { type: 'behind'; targets: DrainTarget[] }
  | { type: 'stop' }

/** What the worker's own process was doing in one interval. */
export interface OwnLoad {
  /** Share of the time the loop was busy, 0 to 1. */
  utilisation: number
  cpu: Microseconds
  /** Time spent waiting for a core although there was work; null where the platform does not tell. */
  runDelay: Microseconds | null
  rss: number
  gcPauses: Microseconds[]
}

/** How far a worker's users have come. */
export interface Standing {
  worker: number
  open: number
  wanted: number
  /** Users whose time has come. */
  started: number
  /** Users whose first attempt has come to something. */
  settled: number
  everOpened: number
}

export interface Interval extends Standing {
  type: 'interval'
  start: Microseconds
  end: Microseconds
  phases: { index: number; set: SetSnapshot }[]
  fanout: FanoutEntry[]
  openTime: Microseconds
  wantedTime: Microseconds
  load: OwnLoad
}

export interface PhaseCount {
  /** Per channel, the most events (gaps) that one stream received in the phase: bursts. */
  channels: Record<string, { events: number; gaps: number }>
}

export interface WorkerResult extends EndTallies {
  type: 'result'
  worker: number
  balances: StreamBalance[]
  /** Streams that were lost and had not received again at the stop. */
  stillLost: number
  users: number
  droppedArrivals: number
  /** Resident memory of the process before its first stream, bytes. */
  baseRss: number
  clockStep: Microseconds
}

/** Worker -> coordinator. */
export type FromWorker =
  | { type: 'ready' }
  | Interval
  /** Between intervals, while users are still coming up. */
  | ({ type: 'standing' } & Standing)
  /** First response headers of the target, with what they tell. */
  | { type: 'target'; headers: Record<string, string> }
  | { type: 'phase-count'; worker: number; index: number; count: PhaseCount }
  /** The ends of `expect-ends` are known from here on. */
  | { type: 'expecting'; worker: number }
  | { type: 'behind'; worker: number; count: number }
  | WorkerResult
  | { type: 'bug'; worker: number; message: string }
