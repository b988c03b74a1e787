import type { Cancel, Clock } from '../../harness/measure/clock.ts'
import type { Microseconds } from '../../harness/model/units.ts'

/** Some time after the epoch that no test depends on; sixteen digits, as stamps of our time have. */
export const START: Microseconds = 1_700_000_000_000_000

interface Timer {
  due: Microseconds
  callback: () => void
}

/** A clock that only moves when told to. Timers run in the order of their due times, at these times. */
export class ManualClock implements Clock {
  private time: Microseconds
  private readonly timers = new Set<Timer>()

  constructor(start: Microseconds = START) {
    this.time = start
  }

  now(): Microseconds {
    return this.time
  }

  after(delay: Microseconds, callback: () => void): Cancel {
    const timer = { due: this.time + Math.max(0, delay), callback }
    this.timers.add(timer)
    return () => this.timers.delete(timer)
  }

  /** How many timers are armed. */
  get armed(): number {
    return this.timers.size
  }

  /** Moves to `time` and runs what comes due on the way, timers that are armed by that included. */
  moveTo(time: Microseconds): void {
    for (;;) {
      const next = [...this.timers].toSorted((a, b) => a.due - b.due)[0]
      if (next === undefined || next.due > time) break
      this.timers.delete(next)
      this.time = Math.max(this.time, next.due)
      next.callback()
    }
    this.time = Math.max(this.time, time)
  }

  advance(by: Microseconds): void {
    this.moveTo(this.time + by)
  }

  /** The loop was busy: time has passed and no timer has run yet. */
  stall(by: Microseconds): void {
    this.time += by
  }
}
