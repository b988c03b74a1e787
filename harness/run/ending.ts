import type { Clock } from '../measure/clock.ts'
import type { Microseconds } from '../model/units.ts'

/** When a run is to end before its time: asked to, or because its target is gone. Every wait of a run looks at it. */
export class Ending {
  isOver = false
  private readonly clock: Clock
  private readonly over: Promise<void>

  constructor(clock: Clock, signal: AbortSignal, targetGone: Promise<void> | null) {
    this.clock = clock
    this.over = new Promise((resolve) => {
      const end = (): void => {
        this.isOver = true
        resolve()
      }
      if (signal.aborted) end()
      signal.addEventListener('abort', end, { once: true })
      void targetGone?.then(end)
    })
  }

  /** Waits for `delay`, or until the run is to end. */
  async pause(delay: Microseconds): Promise<void> {
    if (delay <= 0 || this.isOver) return
    let cancel = (): void => {}
    const waited = new Promise<void>((resolve) => {
      cancel = this.clock.after(delay, resolve)
    })
    await Promise.race([waited, this.over])
    cancel()
  }
}
