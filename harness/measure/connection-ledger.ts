import { Ranges } from './ranges.ts'

/** How many separate holes one connection remembers, and one stream; beyond it the oldest can no longer be filled. */
export const MOST_HOLES = 4096

/** Who the other end of a connection said it was, and what it was going to send; -1 and '' where it did not say. */
export interface Joined {
  /** The server's own number of the connection. */
  serverStream: number
  /** Name of the server's process: after a restart numbers of connections and events begin again. */
  instance: string
  /** The first live number that will be offered; lower ones are replayed. */
  liveFrom: number
  /** The number after which we asked to resume. */
  resumedFrom: number
}

/** What one connection of a stream saw, to be held against what the server says it wrote into it. */
export interface ConnectionLedger {
  serverStream: number
  instance: string
  /** Events received on it, repeats included. */
  receipts: number
  /** Receipts that this connection had already had. */
  repeats: number
  /** First and highest sequence received on it; -1 when there was none. */
  first: number
  highest: number
  /** Numbers skipped between first and highest on this connection and not filled in later on it. */
  skipped: number
  /** The number that the stream was waiting for when it joined; -1 when it knew of none. */
  from: number
  /** Numbers from `from` to its first receipt that the stream never had; those between first and highest. */
  missedBefore: number
  missedInside: number
  /** We ended it, so that what was still on its way is undrained and not cut off. */
  endedByUs: boolean
  open: boolean
}

/** Counts the receipts of one connection by their place in its numbers. */
export class ConnectionCount {
  readonly ledger: ConnectionLedger
  private holes: Ranges | null = null

  constructor({ serverStream, instance }: Joined, from: number) {
    this.ledger = {
      serverStream,
      instance,
      receipts: 0,
      repeats: 0,
      first: -1,
      highest: -1,
      skipped: 0,
      from,
      missedBefore: 0,
      missedInside: 0,
      endedByUs: false,
      open: true,
    }
  }

  receive(sequence: number): void {
    const { ledger } = this
    ledger.receipts += 1
    if (sequence === ledger.highest + 1 && ledger.highest >= 0) ledger.highest = sequence
    else if (ledger.highest < 0) ledger.first = ledger.highest = sequence
    else if (sequence > ledger.highest) {
      this.skip(ledger.highest + 1, sequence - 1)
      ledger.highest = sequence
    } else if (this.holes?.remove(sequence) === true) ledger.skipped -= 1
    else if (sequence < ledger.first) {
      this.lower(sequence)
    } else ledger.repeats += 1
  }

  private skip(from: number, to: number): void {
    this.ledger.skipped += to - from + 1
    this.holes ??= new Ranges(MOST_HOLES)
    this.holes.append(from, to)
  }

  /** Came before what was taken for the first: the numbers between the two are holes of this connection. */
  private lower(sequence: number): void {
    const { ledger } = this
    const { first, from } = ledger
    ledger.first = sequence
    if (from >= 0) {
      const moved = Math.max(0, first - 1 - Math.max(sequence, from - 1))
      ledger.missedBefore -= moved
      ledger.missedInside += moved
    }
    if (first - sequence < 2) return
    ledger.skipped += first - sequence - 1
    this.holes ??= new Ranges(MOST_HOLES)
    this.holes.prepend(sequence + 1, first - 1)
  }
}
