/** One number of a sample. */
export interface Reading {
  /** The same in every sample, and of one probe only one has it. A count that is missing from a sample stood at 0. */
  readonly name: string
  readonly unit: 'count' | 'bytes'
  /**
   * How it may be judged. `exact`: comes back to its start to the unit. `count`: must not grow over the floors of the
   * cycles. `gauge`: comes down to its floor within a wait. `bytes`: taken after a forced garbage collection, so that a
   * trend means something. `ceiling`: memory that a collector may keep, which never convicts.
   */
  readonly kind: 'exact' | 'count' | 'gauge' | 'bytes' | 'ceiling'
  /** Null when it cannot be read. */
  readonly value: number | null
  /** Why it cannot be read. */
  readonly why?: string
}

/** Something outside of this process that is looked at again and again. */
export interface Probe {
  readonly name: string
  /** Rejects with `ProbeError` when there is nothing left to look at, or never was. One at a time. */
  sample(): Promise<Reading[]>
  /** Lets go of everything, also while a sample is on its way. */
  close(): Promise<void>
}

/** What is probed cannot be: one sentence with what, where and the way out. */
export class ProbeError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ProbeError'
  }
}

/** `ENOENT`, `ECONNREFUSED` and their like; empty for an error without a code. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : ''
}
