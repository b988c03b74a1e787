/** Counts of all streams of a worker, kept as they happen. */
export interface EndTallies {
  ends: Record<string, number>
  failures: Record<string, number>
  /** Ends that neither the plan nor the client chose. */
  unexpected: number
  /** Streams that have been open at least once. */
  everOpened: number
  /** Streams whose first attempt has come to something. */
  settled: number
  /** Response headers of the first stream that opened. */
  headers: Record<string, string> | null
  badSequence: string | null
  /** A stamp could be read from some event. */
  stamped: boolean
}

export const newTallies = (): EndTallies => ({
  ends: {},
  failures: {},
  unexpected: 0,
  everOpened: 0,
  settled: 0,
  headers: null,
  badSequence: null,
  stamped: false,
})
