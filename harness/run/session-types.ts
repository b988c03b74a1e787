import type { Clock } from '../measure/clock.ts'
import type { ServerBooks } from '../measure/balance.ts'
import type { RunPlan } from '../model/plan.ts'
import type { Fault, Verdict } from '../model/record.ts'
import type { Microseconds } from '../model/units.ts'
import type { Collector, IntervalSink } from './collector.ts'
import type { ProgressListener } from './progress.ts'
import type { Interval, WorkerResult } from './protocol.ts'
import type { ClockOffset, ReferenceTarget } from './reference-target.ts'

/** One measured phase and, if something is done to the target at its start, what. */
export interface MeasuredPhase {
  name: string
  duration: Microseconds
  /** Returns the numbers that the server gave the streams it ends by this; null when it is all of them. */
  action?: { fault: string; run: (target: ReferenceTarget) => Promise<{ dropped: number }> }
}

export interface SessionOptions {
  plan: RunPlan
  phases: readonly MeasuredPhase[]
  /** Prefix of the phases' names when a run has several sessions. */
  name: string
  firstStream: number
  /** What the command still has to do after this session, for the time left that it shows. */
  after: Microseconds
  clock: Clock
  /** Ends the run early; the record is still made. */
  signal: AbortSignal
  sink: IntervalSink | null
  onProgress: ProgressListener | null
  /** Every interval as a worker handed it in. */
  onInterval?: (interval: Interval) => void
  /** Resolves when the target is known to be gone for good, such as when its process has ended. */
  targetGone: Promise<void> | null
  /** Put before the command of each worker, such as `taskset -c 1`. */
  launcher: readonly string[]
}

/** What is known of a session beyond its figures when k6 has generated its load. */
export interface K6Facts {
  version: string
  /** As it was named. */
  script: string
  /** It has our output. Without it only little can be known: no stream is accounted for, no event is compared. */
  records: boolean
  /** Its last word has come: without it what is counted is a part of the truth. */
  told: boolean
  /** The script asked for a stream. */
  asked: boolean
  /** How it ended, what was wrong with that, and what the script itself is judged by. */
  kind: 'completed' | 'usage' | 'aborted' | 'fault'
  faults: string[]
  verdicts: Verdict[]
}

export interface SessionResult {
  /** Null: our own clients have generated the load. */
  k6: K6Facts | null
  collector: Collector
  workers: WorkerResult[]
  books: ServerBooks | null
  /** The server said that it is the reference server. */
  reference: boolean
  headers: Record<string, string> | null
  offsets: ClockOffset[]
  commonClock: boolean
  /** Null: nobody knows whom to ask. */
  targetAlive: boolean | null
  aborted: boolean
  /** No connection ever became an event stream. */
  unreachable: boolean
  faults: Fault[]
  startAt: Microseconds
  endAt: Microseconds
}
