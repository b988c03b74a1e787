import type { ConnectionLedger } from './sequence-ledger.ts'

/** What is left of one stream at the end of a run. */
export interface StreamBalance {
  stream: number
  /** The server's name of the sequence it followed; streams of one channel share a head. */
  channel: string
  first: number
  next: number
  firstReceipts: number
  duplicates: number
  reordered: number
  replayed: number
  unsequenced: number
  missing: number
  missingRanges: [number, number][]
  /**
   * `done`: it ended successfully by our own choice, so nothing after its last event was wanted. `open`: still connected
   * at the stop. `down`: it was wanted but not connected, so the tail it missed is lost.
   */
  state: 'done' | 'open' | 'down'
  /** Its profile reads slowly on purpose, so that the server may drop events of it by policy. */
  slow: boolean
  connections: ConnectionLedger[]
}

/** What the server counted of one connection. */
export interface ServerConnection {
  offered: number
  written: number
  dropped: number
  queued: number
  /** First and last sequence written; -1 when none was. */
  first: number
  last: number
}

/** The server's own books; null where the target has none. */
export interface ServerBooks {
  /** Last sequence published of each channel when the publisher was paused. */
  heads: ReadonlyMap<string, number>
  connections: ReadonlyMap<number, ServerConnection>
  /** Ended connections that the server no longer remembers. */
  forgotten: number
}
