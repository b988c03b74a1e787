import type { Clock, Timer } from './clock.ts'
import { encodeMessage, eventEncoder, frame, frameAscii, framedBytes, join, type SequencedEvent } from './encode.ts'
import { ReplayBuffer } from './patterns/replay-buffer.ts'
import type { Schedule } from './schedule.ts'
import type { Stream } from './stream.ts'
import type { Totals } from './totals.ts'

export interface ChannelSpec {
  readonly key: string
  readonly channel: string
  /** Events per second; 0: as fast as each reader takes them. */
  readonly rate: number
  /** Length of the `data` value. */
  readonly sizeBytes: number
}

export interface ChannelContext {
  readonly clock: Clock
  readonly schedule: Schedule
  readonly totals: Totals
  readonly replayEvents: number
  readonly replayBytes: number
}

/** What one turn of the loop encodes at most after the process stood still; the rest follows in the next turns. */
const BATCH_EVENTS = 8192
const BATCH_BYTES = 4 * 1024 * 1024

/**
 * One sequence of events, sent to every stream that joined. Event n is due at start + n x period: a function of its
 * number, so that lateness never adds up, and a process that stood still sends everything that came due meanwhile.
 */
export class Channel {
  readonly spec: ChannelSpec
  readonly streams = new Set<Stream>()
  /** Number of the newest event published. */
  head = 0
  readonly #context: ChannelContext
  readonly #replay: ReplayBuffer<SequencedEvent>
  readonly #encode: (seq: number, dueAtUs: number, sentAtUs: number) => string
  /** On the schedule, not on the clock. */
  readonly #startUs: number
  #timer: Timer | null = null
  #isStopped = false

  constructor(spec: ChannelSpec, context: ChannelContext) {
    this.spec = spec
    this.#context = context
    this.#replay = new ReplayBuffer(context.replayEvents, context.replayBytes, framedBytes)
    this.#encode = eventEncoder(spec.sizeBytes)
    this.#startUs = context.schedule.positionUs(context.clock.nowUs())
    this.arm()
  }

  /** Number of the oldest event that can be replayed; head + 1 when none can. */
  get oldest(): number {
    return this.#replay.oldest
  }

  /** Replays what came after `lastEventId`, then the stream gets every event from head + 1 on: no gap, no duplicate. */
  join(stream: Stream, lastEventId: number | null): void {
    const { clock, totals } = this.#context
    const nowUs = clock.nowUs()
    this.streams.add(stream)
    if (lastEventId === null || lastEventId > this.head) return
    const from = lastEventId + 1
    if (from < this.oldest) {
      totals.gaps++
      const data = JSON.stringify({ from, oldest: this.oldest })
      stream.tell(frame(encodeMessage({ event: 'gap', data })), nowUs)
    }
    const missed = this.#replay.after(lastEventId)
    if (missed.length > 0) stream.replay(missed, nowUs)
  }

  leave(stream: Stream): void {
    this.streams.delete(stream)
  }

  /** Publishes what may be sent by now; true when more is due than fits into one batch. */
  publishDue(): boolean {
    const { clock, schedule } = this.#context
    const nowUs = clock.nowUs()
    if (schedule.isPaused || this.#isStopped) return false
    const batch: SequencedEvent[] = []
    let bytes = 0
    let isDue = this.#sendAtUs(nowUs) <= nowUs
    while (isDue && batch.length < BATCH_EVENTS && bytes < BATCH_BYTES) {
      const event = this.#make(nowUs)
      bytes += event.framed.length
      batch.push(event)
      isDue = this.#sendAtUs(nowUs) <= nowUs
    }
    if (batch.length === 0) return false
    const joined = join(batch)
    for (const stream of this.streams) stream.offer(batch, joined, nowUs)
    return isDue
  }

  /** Waits for the next event. Called again whenever the schedule changes. */
  arm(): void {
    this.#timer?.cancel()
    this.#timer = null
    const { clock, schedule } = this.#context
    if (schedule.isPaused || this.#isStopped) return
    const nowUs = clock.nowUs()
    const waitMs = Math.max(1, Math.ceil((this.#sendAtUs(nowUs) - nowUs) / 1000))
    this.#timer = clock.after(waitMs, this.#wake)
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#timer = null
  }

  // Timers fire up to 0.6 ms early: then nothing is published and the wait starts again.
  #wake = (): void => {
    if (this.publishDue()) this.#context.clock.soon(this.#wake)
    else this.arm()
  }

  #make(nowUs: number): SequencedEvent {
    const dueAtUs = this.#context.schedule.clockUs(this.#dueUs(this.head + 1))
    this.head++
    const event = { seq: this.head, framed: frameAscii(this.#encode(this.head, dueAtUs, nowUs)) }
    this.#replay.push(event)
    return event
  }

  #sendAtUs(nowUs: number): number {
    return this.#context.schedule.sendAtUs(this.#dueUs(this.head + 1), nowUs)
  }

  #dueUs(seq: number): number {
    return this.#startUs + Math.floor((seq * 1e6) / this.spec.rate)
  }
}
