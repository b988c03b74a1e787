import type { Clock } from './clock.ts'
import { eventEncoder, frameAscii } from './encode.ts'
import type { Schedule } from './schedule.ts'
import type { Stream } from './stream.ts'

/** Events joined into one write. */
const EVENTS_PER_WRITE = 16
/** Writes before other streams get their turn of the loop. */
const WRITES_PER_TURN = 8

export interface FloodContext {
  readonly clock: Clock
  readonly schedule: Schedule
}

/**
 * `rate=0`: a sequence of its own for one stream, made as fast as its reader takes it. Nothing is scheduled, so an event
 * is due when it is sent, a delay has no meaning, and nothing is ever queued or dropped: what is not taken is not made.
 */
export class Flood {
  readonly #stream: Stream
  readonly #context: FloodContext
  readonly #encode: (seq: number, dueAtUs: number, sentAtUs: number) => string
  #next: number
  #isScheduled = false

  constructor(stream: Stream, next: number, sizeBytes: number, context: FloodContext) {
    this.#stream = stream
    this.#next = next
    this.#encode = eventEncoder(sizeBytes)
    this.#context = context
    stream.onReady = this.start
  }

  /** Goes on after the reader caught up, or after a pause. */
  start = (): void => {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#context.clock.soon(this.#turn)
  }

  #turn = (): void => {
    this.#isScheduled = false
    const { clock, schedule } = this.#context
    for (let write = 0; write < WRITES_PER_TURN; write++) {
      if (schedule.isPaused || this.#stream.end !== null || this.#stream.isBlocked) return
      this.#write(Math.min(EVENTS_PER_WRITE, this.#stream.room), clock.nowUs())
      if (this.#stream.room === 0) this.#stream.finish('count-reached')
    }
    this.start()
  }

  #write(events: number, nowUs: number): void {
    let text = ''
    const first = this.#next
    while (this.#next < first + events) text += this.#encode(this.#next++, nowUs, nowUs)
    this.#stream.offerMade(frameAscii(text), events, first, nowUs)
  }
}
