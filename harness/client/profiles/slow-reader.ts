import type { Cancel, Clock } from '../../measure/clock.ts'
import type { Microseconds } from '../../model/units.ts'
import type { Behaviour, Profile, Throttle } from './profile.ts'
import { TokenBucket } from './token-bucket.ts'

/** Reads no faster than `bytesPerSecond` on average, and not at all in between, so the server's buffers fill up. */
export const slowReader: Profile = {
  name: 'slow-reader',
  what: 'reads at most bytesPerSecond and leaves the rest in the sockets',
  attach: (stream, params, clock) => new SlowReading(stream, params.bytesPerSecond, clock),
}

class SlowReading implements Behaviour {
  readonly #stream: Throttle
  readonly #bytesPerSecond: number
  readonly #clock: Clock
  #bucket: TokenBucket
  #wakeUp: Cancel | null = null

  constructor(stream: Throttle, bytesPerSecond: number, clock: Clock) {
    this.#stream = stream
    this.#bytesPerSecond = bytesPerSecond
    this.#clock = clock
    this.#bucket = new TokenBucket(bytesPerSecond)
  }

  read(nowUs: Microseconds, bytes: number): void {
    const wait = this.#bucket.take(nowUs, bytes)
    this.#stream.pause()
    this.#wakeUp?.()
    this.#wakeUp = this.#clock.after(wait, () => {
      this.#wakeUp = null
      this.#stream.resume()
    })
  }

  closed(): void {
    this.#wakeUp?.()
    this.#wakeUp = null
    // The debt belongs to the connection that is gone.
    this.#bucket = new TokenBucket(this.#bytesPerSecond)
  }
}
