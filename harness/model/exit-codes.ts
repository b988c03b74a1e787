/** The one table of exit codes; the first that holds, in the order bug, aborted, usage, unreachable, void, failed, inconclusive. */
export const EXIT = {
  pass: 0,
  /** A bug of ours. */
  ownFault: 1,
  /** Wrong usage or an invalid plan: nothing was started. */
  usage: 2,
  /** Stopped by a signal; the record is still written. */
  aborted: 3,
  /** Never reached an event stream. */
  unreachable: 4,
  /** Void (the run cannot be trusted) or inconclusive. */
  notProven: 5,
  /** Thresholds or verdicts failed: k6's number, so that CI scripts need one rule. */
  failed: 99,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** A mistake of the user's: every fault at once, each a sentence with what, where and the way out. */
export class UsageError extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.name = 'UsageError'
    this.faults = faults
  }
}
