import { Ranges } from './ranges.ts'

/** How many separate holes one stream remembers; beyond it the oldest hole counts as lost for good. */
const MOST_HOLES = 4096

export type Receipt = 'first' | 'late' | 'duplicate'

/** What one connection of a stream saw, to be held against what the server says it wrote into it. */
export interface ConnectionLedger {
  /** The server's own number of the connection, or -1. */
  serverStream: number
  /** Events received on it, duplicates included. */
  receipts: number
  /** Receipts that this connection had already had: the server wrote them twice. */
  repeats: number
  /** First and highest sequence received on it; -1 when there was none. */
  first: number
  highest: number
  /** Numbers skipped between first and highest on this connection and not filled in later on it. */
  skipped: number
  /** We ended it, so that what was still on its way is undrained and not cut off. */
  endedByUs: boolean
  open: boolean
}

/**
 * Every number of one virtual user's stream, over all its connections: received once, received again, or missing.
 * Exact, in constant memory for a stream without holes. Terms are counted where they happen and never derived from one
 * another, so that the sums in reconcile.ts can fail.
 */
export class SequenceLedger {
  /** The first number due to this stream; -1 until known. */
  first = -1
  /** The next number that has not been seen or skipped. */
  next = -1
  firstReceipts = 0
  duplicates = 0
  reordered = 0
  replayed = 0
  /** Receipts below the first number due: not part of the sum. */
  early = 0
  private holes: Ranges | null = null
  private connectionHoles: Ranges | null = null
  private liveFrom = -1
  connection: ConnectionLedger | null = null

  /**
   * A connection is open. `liveFrom` is the first live number it will be offered and `resumedFrom` the number after
   * which we asked to resume (-1: not known, not asked).
   */
  join(serverStream: number, liveFrom: number, resumedFrom: number): ConnectionLedger {
    if (this.next < 0) {
      const start = resumedFrom >= 0 ? resumedFrom + 1 : liveFrom
      this.first = this.next = start
    }
    this.liveFrom = liveFrom
    this.connectionHoles = null
    this.connection = {
      serverStream,
      receipts: 0,
      repeats: 0,
      first: -1,
      highest: -1,
      skipped: 0,
      endedByUs: false,
      open: true,
    }
    return this.connection
  }

  receive(sequence: number): Receipt {
    const connection = this.connection
    if (connection !== null) this.receiveOn(connection, sequence)
    if (sequence < this.liveFrom) this.replayed += 1
    if (sequence === this.next) {
      this.next = sequence + 1
      this.firstReceipts += 1
      return 'first'
    }
    return this.receiveOutOfLine(sequence)
  }

  private receiveOutOfLine(sequence: number): Receipt {
    if (this.next < 0) this.first = this.next = sequence
    if (sequence >= this.next) {
      if (sequence > this.next) {
        this.holes ??= new Ranges(MOST_HOLES)
        this.holes.append(this.next, sequence - 1)
      }
      this.next = sequence + 1
      this.firstReceipts += 1
      return 'first'
    }
    if (sequence < this.first) {
      this.early += 1
      return 'duplicate'
    }
    if (this.holes?.remove(sequence) === true) {
      this.firstReceipts += 1
      if (this.connection !== null && sequence < this.connection.highest) this.reordered += 1
      return 'late'
    }
    this.duplicates += 1
    return 'duplicate'
  }

  private receiveOn(connection: ConnectionLedger, sequence: number): void {
    connection.receipts += 1
    if (connection.highest < 0) {
      connection.first = connection.highest = sequence
    } else if (sequence > connection.highest) {
      if (sequence > connection.highest + 1) {
        connection.skipped += sequence - connection.highest - 1
        this.connectionHoles ??= new Ranges(MOST_HOLES)
        this.connectionHoles.append(connection.highest + 1, sequence - 1)
      }
      connection.highest = sequence
    } else if (this.connectionHoles?.remove(sequence) === true) connection.skipped -= 1
    else if (sequence < connection.first) {
      // Came before what was taken for the first: the numbers between the two are holes of this connection.
      connection.skipped += connection.first - sequence - 1
      connection.first = sequence
    } else connection.repeats += 1
  }

  /** Numbers between the first due and the newest seen that never came. */
  missing(): number {
    return this.holes?.total() ?? 0
  }

  missingRanges(most: number): [number, number][] {
    return this.holes?.list(most) ?? []
  }
}
