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

interface Slot {
  entry: FanoutEntry
  firstAt: Microseconds
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
  private newest = -1
  /** The highest number handed in: what still comes of it came too late. */
  private settled = -1
  private readonly slots: (Slot | undefined)[] = []
  private done: FanoutEntry[] = []
  /** First live numbers of streams that joined ahead of the newest event seen. */
  private ahead: number[] = []

  constructor(name: string) {
    this.name = name
  }

  /** Returns the first number that this stream is awaited for; `liveFrom` is what the server said, or -1. */
  join(liveFrom: number): number {
    const from = liveFrom < 0 ? this.newest + 1 : liveFrom
    this.open += 1
    if (from > this.newest + 1) this.ahead.push(from)
    // Others may have been quicker to get what this stream is to get too.
    for (const entry of this.entriesFrom(from)) entry.expected += 1
    return from
  }

  /** `highest`: the last number that the leaving stream received; what it lacks is not waited for any more. */
  leave(from: number, highest: number): void {
    this.open -= 1
    const at = this.ahead.indexOf(from)
    if (at >= 0) this.ahead.splice(at, 1)
    for (const entry of this.entriesFrom(Math.max(from, highest + 1))) entry.expected -= 1
  }

  private entriesFrom(from: number): FanoutEntry[] {
    if (from > this.newest) return []
    return this.slots.flatMap((slot) => (slot !== undefined && slot.entry.sequence >= from ? [slot.entry] : []))
  }

  /** `from`: what `join` returned. What lies below it is a replay, which goes to the one stream that asked for it. */
  receive(sequence: number, stamp: Microseconds, now: Microseconds, from: number): void {
    if (!this.broadcast) return
    const slot = this.slots[sequence % SLOTS]
    if (slot === undefined || slot.entry.sequence < sequence) {
      if (sequence <= this.settled || sequence < from) return
      if (slot !== undefined) this.settle(slot.entry, this.done)
      this.slots[sequence % SLOTS] = { entry: this.begin(sequence, stamp, now), firstAt: now }
      return
    }
    const { entry } = slot
    if (entry.sequence !== sequence) return
    if (entry.stamp !== stamp) {
      this.broadcast = false
      this.slots.length = 0
      this.done = []
      return
    }
    if (sequence < from) return
    entry.received += 1
    entry.last = now
  }

  private begin(sequence: number, stamp: Microseconds, now: Microseconds): FanoutEntry {
    if (sequence > this.newest) this.newest = sequence
    if (this.ahead.length > 0) this.ahead = this.ahead.filter((from) => from > sequence)
    return { channel: this.name, sequence, stamp, last: now, received: 1, expected: this.open - this.ahead.length }
  }

  /** Entries that nothing more is awaited for: older than the limit, or all when `everything`. */
  take(now: Microseconds, everything: boolean): FanoutEntry[] {
    const out = this.done
    this.done = []
    for (const [index, slot] of this.slots.entries()) {
      if (slot === undefined || (!everything && now - slot.firstAt < FANOUT_LIMIT)) continue
      this.settle(slot.entry, out)
      this.slots[index] = undefined
    }
    return out
  }

  private settle(entry: FanoutEntry, into: FanoutEntry[]): void {
    if (entry.sequence > this.settled) this.settled = entry.sequence
    into.push(entry)
  }
}
