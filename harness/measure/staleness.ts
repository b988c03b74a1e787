import type { Counts } from '../histogram/counts.ts'
import type { Microseconds } from '../model/units.ts'
import { STALENESS_TICK } from './recorder.ts'

const GOLDEN_RATIO = 0.618033988749895

/**
 * When the age of one stream's newest event is sampled: once in every tick of a measured phase, at a place in the tick
 * that the golden ratio spreads evenly over streams and ticks. At fixed times a server whose period is a tick would
 * always be caught at the same age.
 */
export class StalenessSampler {
  /** The next sample's time; Infinity outside of measured phases. */
  nextTick: Microseconds = Infinity
  private readonly stream: number
  private start: Microseconds = 0
  private tick = 0

  constructor(stream: number) {
    this.stream = stream
  }

  /** A phase that began at `start`; this stream is wanted from `at` on. */
  begin(start: Microseconds, at: Microseconds): void {
    this.start = start
    this.tick = Math.ceil((at - start) / STALENESS_TICK) - 1
    this.advance()
  }

  end(): void {
    this.nextTick = Infinity
  }

  /**
   * Every sample up to `now` that has not been taken yet, with the newest data of that time. Needs no timer: it is called
   * before the newest changes, so a tick that a busy loop would have missed is there all the same.
   */
  fill(counts: Counts, now: Microseconds, newest: Microseconds): void {
    while (this.nextTick <= now) {
      counts.record(Math.max(0, this.nextTick - newest))
      this.advance()
    }
  }

  private advance(): void {
    this.tick += 1
    const within = ((this.tick + this.stream) * GOLDEN_RATIO) % 1
    this.nextTick = this.start + Math.round((this.tick + within) * STALENESS_TICK)
  }
}
