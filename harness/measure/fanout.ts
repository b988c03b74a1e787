import type { Microseconds } from '../model/units.ts'
import { US_PER_SECOND } from '../model/units.ts'

const SLOTS = 1024
/** An event that some open stream has not received so long after the first did is incomplete. */
export const FANOUT_LIMIT: Microseconds = 5 * US_PER_SECOND

/** One event's way to all streams of one worker; entries of several workers add up. */
export interface FanoutEntry {
  channel: string
  sequence: number
  stamp: Microseconds
  last: Microseconds
  received: number
  expected: number
}

/**
 * One broadcast sequence as seen by the streams of one worker: when did the last open stream get event n? Events are
 * kept in a ring, so memory is bounded; a channel whose streams each have a sequence of their own is recognised by its
 * stamps and left out.
 */
export class FanoutChannel {
  readonly name: string
  private open = 0
  private broadcast = true
  private readonly entries: (FanoutEntry | null)[] = []
  private readonly firstAt: Microseconds[] = []
  private done: FanoutEntry[] = []
  /** First live numbers of streams that joined ahead of the newest event seen. */
  private ahead: number[] = []

  constructor(name: string) {
    this.name = name
  }

  join(liveFrom: number): void {
    this.open += 1
    if (liveFrom > 0) this.ahead.push(liveFrom)
  }

  /** `highest`: the last number that the leaving stream received; what it lacks is not waited for any more. */
  leave(highest: number): void {
    this.open -= 1
    for (const entry of this.entries) if (entry != null && entry.sequence > highest) entry.expected -= 1
  }

  receive(sequence: number, stamp: Microseconds, now: Microseconds): void {
    if (!this.broadcast) return
    const slot = sequence % SLOTS
    const entry = this.entries[slot]
    if (entry == null || entry.sequence < sequence) {
      if (entry != null) this.done.push(entry)
      this.entries[slot] = this.begin(sequence, stamp, now)
      this.firstAt[slot] = now
      return
    }
    if (entry.sequence !== sequence) return
    if (entry.stamp !== stamp) {
      this.broadcast = false
      this.entries.length = 0
      this.done = []
      return
    }
    entry.received += 1
    entry.last = now
  }

  private begin(sequence: number, stamp: Microseconds, now: Microseconds): FanoutEntry {
    if (this.ahead.length > 0) this.ahead = this.ahead.filter((liveFrom) => liveFrom > sequence)
    return { channel: this.name, sequence, stamp, last: now, received: 1, expected: this.open - this.ahead.length }
  }

  /** Entries that nothing more is awaited for: older than the limit, or all when `everything`. */
  take(now: Microseconds, everything: boolean): FanoutEntry[] {
    const out = this.done
    this.done = []
    this.entries.forEach((entry, slot) => {
      if (entry === null || (!everything && now - (this.firstAt[slot] ?? 0) < FANOUT_LIMIT)) return
      out.push(entry)
      this.entries[slot] = null
    })
    return out
  }
}
