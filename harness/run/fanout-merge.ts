import type { FanoutEntry } from '../measure/fanout.ts'
import { FANOUT_LIMIT } from '../measure/fanout.ts'
import type { HistogramSet } from '../measure/histogram-set.ts'
import type { Microseconds } from '../model/units.ts'

/** Adds up what each worker saw of one event; a broadcast is complete when the last stream of the last worker has it. */
export class FanoutMerge {
  private readonly pending = new Map<string, FanoutEntry>()
  /** Channels whose streams have a sequence each: two stamps under one number. */
  private readonly ownSequences = new Set<string>()
  private readonly setAt: (stamp: Microseconds) => HistogramSet | null
  private readonly offset: () => Microseconds

  /** `setAt`: the metrics of the measured phase in which an event of this stamp was due, if any. */
  constructor(setAt: (stamp: Microseconds) => HistogramSet | null, offset: () => Microseconds) {
    this.setAt = setAt
    this.offset = offset
  }

  add(entries: readonly FanoutEntry[]): void {
    for (const entry of entries) {
      if (this.ownSequences.has(entry.channel)) continue
      const key = `${entry.sequence}/${entry.channel}`
      const known = this.pending.get(key)
      if (known === undefined) {
        this.pending.set(key, { ...entry })
        continue
      }
      if (known.stamp !== entry.stamp) this.ownSequences.add(entry.channel)
      known.received += entry.received
      known.expected += entry.expected
      known.last = Math.max(known.last, entry.last)
    }
  }

  /** Settles events that every worker has handed in by now. */
  settle(now: Microseconds, everything: boolean): void {
    for (const [key, entry] of this.pending) {
      if (!everything && now - entry.stamp - this.offset() < 3 * FANOUT_LIMIT) continue
      this.pending.delete(key)
      const stamp = entry.stamp + this.offset()
      const set = this.setAt(stamp)
      // One stream has no fan-out, and one that everybody left tells nothing.
      if (set === null || entry.expected < 2 || this.ownSequences.has(entry.channel)) continue
      const duration = entry.last - stamp
      if (entry.received < entry.expected || duration > FANOUT_LIMIT) set.counters.sse_fanout_incomplete += 1
      else if (duration >= 0) set.exact('sse_fanout_duration').record(duration)
    }
  }
}
