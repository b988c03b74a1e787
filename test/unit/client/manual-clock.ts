import type { Cancel, Clock } from '../../../harness/measure/clock.ts'

/** Time that moves only when a test moves it. */
export class ManualClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ due: number; callback: () => void }>()

  now(): number {
    return this.#now
  }

  after(delay: number, callback: () => void): Cancel {
    const timer = { due: this.#now + delay, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  get timers(): number {
    return this.#timers.size
  }

  /** Moves on, firing what comes due in order. */
  advance(by: number): void {
    const end = this.#now + by
    for (;;) {
      const next = [...this.#timers].filter((timer) => timer.due <= end).toSorted((a, b) => a.due - b.due)[0]
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = next.due
      next.callback()
    }
    this.#now = end
  }
}
