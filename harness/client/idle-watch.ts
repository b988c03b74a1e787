import type { Cancel, Clock } from '../measure/clock.ts'
import type { Microseconds } from '../model/units.ts'

/**
 * Notices that an open stream has gone silent. One timer a silence and not one a chunk: when it fires it looks how long
 * ago the last chunk was. A stream that its own client does not read is not silent.
 */
export class IdleWatch {
  readonly #clock: Clock
  readonly #limit: Microseconds
  readonly #onIdle: () => void
  #lastRead: Microseconds = 0
  #paused = false
  #timer: Cancel | null = null

  constructor(clock: Clock, limit: Microseconds, onIdle: () => void) {
    this.#clock = clock
    this.#limit = limit
    this.#onIdle = onIdle
  }

  begin(now: Microseconds): void {
    this.#lastRead = now
    this.#look(now)
  }

  touch(now: Microseconds): void {
    this.#lastRead = now
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#lastRead = this.#clock.now()
  }

  end(): void {
    this.#paused = false
    this.#timer?.()
    this.#timer = null
  }

  #look(now: Microseconds): void {
    const quiet = this.#paused ? 0 : now - this.#lastRead
    this.#timer = null
    if (quiet >= this.#limit) this.#onIdle()
    else this.#timer = this.#clock.after(this.#limit - quiet, () => this.#look(this.#clock.now()))
  }
}
