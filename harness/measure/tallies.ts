import type { Microseconds } from '../model/units.ts'

export interface FaultHits {
  affected: number
  recoveredAt: Microseconds[]
}

/** Counts of all streams of a worker, kept as they happen. */
export interface EndTallies {
  ends: Record<string, number>
  failures: Record<string, number>
  /** Ends that neither the plan nor the client chose. */
  unexpected: number
  /** By fault of the plan: streams that it ended, and when each of them received a new event again. */
  hits: FaultHits[]
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
  hits: [],
  everOpened: 0,
  settled: 0,
  headers: null,
  badSequence: null,
  stamped: false,
})

/** The hits of one fault, which begin when it is first asked for. */
export function hitsOf(tallies: EndTallies, fault: number): FaultHits {
  return (tallies.hits[fault] ??= { affected: 0, recoveredAt: [] })
}
