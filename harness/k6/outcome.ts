import type { Exceptions } from './log.ts'
import type { K6Threshold } from './thresholds.ts'

/** How a run of k6 ended; `judge.ts` says what that means. */
export interface K6Outcome {
  /** Null: it died of a signal, or was never started. */
  exitCode: number | null
  signal: NodeJS.Signals | null
  /** It was still running at the limit of time. */
  overrun: boolean
  /** We stopped it because we were told to. */
  aborted: boolean
  /** Thrown by iterations; setup(), teardown() and init code are among `errors`. */
  exceptions: Exceptions
  /** Other errors of its log, the first 20. */
  errors: string[]
  thresholds: K6Threshold[]
  /** The script has asked for a stream. */
  started: boolean
  /** Its result has come: nothing measured is missing. */
  complete: boolean
}
