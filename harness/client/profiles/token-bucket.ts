import type { Microseconds } from '../../model/units.ts'
import { US_PER_SECOND } from '../../model/units.ts'

/**
 * How long to stop reading after so many bytes, so that the average stays at the rate. Bytes are taken first and paid for
 * afterwards, because the size of a read is not ours to choose; unused time is not saved up, so a silent stream earns no
 * burst.
 */
export class TokenBucket {
  readonly #bytesPerSecond: number
  /** When everything taken so far is paid for. */
  #paidAt: Microseconds = -Infinity

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond
  }

  /** Microseconds from now until the next byte may be taken. */
  take(now: Microseconds, bytes: number): Microseconds {
    this.#paidAt = Math.max(this.#paidAt, now) + (bytes * US_PER_SECOND) / this.#bytesPerSecond
    return this.#paidAt - now
  }
}
