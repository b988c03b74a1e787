import type { Clock } from './clock.ts'
import { encodeComment, frame } from './encode.ts'
import { EndedStreams, type StreamState } from './ended.ts'
import type { CutMode } from './outlet.ts'
import type { QueueLimits } from './patterns/bounded-queue.ts'
import type { SlowPolicy, StreamContext } from './stream-context.ts'
import { Stream } from './stream.ts'
import type { StreamEnd, Totals } from './totals.ts'

export interface StreamsContext {
  readonly clock: Clock
  readonly totals: Totals
  readonly queue: QueueLimits
  readonly policy: SlowPolicy
  /** Silence after which a comment is sent; 0 for never. */
  readonly heartbeatMs: number
  /** How long a stream may stay blocked. */
  readonly sendTimeoutMs: number
  readonly endedKept: number
  /** Lets go of what else holds the stream. */
  readonly onEnded: (stream: Stream) => void
}

const HEARTBEAT = frame(encodeComment('heartbeat'))
const LONGEST_SWEEP_MS = 1000
const SHORTEST_SWEEP_MS = 10
/** A sweep that comes later than this means that the process stood still. */
const STALL_MS = 1000

/** Every stream there is, and the last ones there were. One timer looks after all of them. */
export class Streams {
  readonly #context: StreamsContext
  readonly #shared: StreamContext
  readonly #open = new Map<number, Stream>()
  readonly #ended: EndedStreams
  readonly #sweepMs: number
  #nextId = 1
  readonly #onEmpty: (() => void)[] = []
  #sweptAtUs: number
  #noTimeoutBeforeUs = 0
  #rate = { fromUs: 0, from: 0, toUs: 0, to: 0 }

  constructor(context: StreamsContext) {
    this.#context = context
    const { clock, totals, queue, policy } = context
    this.#shared = { clock, totals, queue, policy, onEnded: this.#onEnded }
    this.#ended = new EndedStreams(context.endedKept)
    const shortest = Math.min(context.heartbeatMs || Infinity, context.sendTimeoutMs)
    this.#sweepMs = Math.min(LONGEST_SWEEP_MS, Math.max(SHORTEST_SWEEP_MS, shortest / 4))
    this.#sweptAtUs = clock.nowUs()
    clock.after(this.#sweepMs, this.#sweep)
  }

  get size(): number {
    return this.#open.size
  }

  get forgotten(): number {
    return this.#ended.forgotten
  }

  /** Events written per second over the last one to two seconds. */
  get eventsPerSecond(): number {
    const { fromUs, from } = this.#rate
    const nowUs = this.#context.clock.nowUs()
    return fromUs === 0 ? 0 : ((this.#context.totals.written - from) * 1e6) / (nowUs - fromUs)
  }

  create(channel: string, lastEventId: number | null, count: number): Stream {
    const id = this.#nextId++
    const stream = new Stream({ id, channel, lastEventId, count }, this.#shared)
    this.#open.set(id, stream)
    this.#context.totals.opened++
    return stream
  }

  open(): IterableIterator<Stream> {
    return this.#open.values()
  }

  /** Exactly round(share x open) streams, spread evenly over the order of their ids. */
  pick(share: number): Stream[] {
    const open = [...this.#open.values()].filter((stream) => stream.end === null)
    const wanted = Math.round(share * open.length)
    const upTo = (index: number): number => Math.floor((index * wanted) / open.length)
    return open.filter((_, index) => upTo(index + 1) > upTo(index))
  }

  /** Resolves when no stream is left. */
  empty(): Promise<void> {
    return this.#open.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#onEmpty.push(resolve))
  }

  finishAll(reason: StreamEnd, farewell: Buffer): void {
    for (const stream of this.#open.values()) stream.finish(reason, farewell)
  }

  cutAll(reason: StreamEnd, mode: CutMode): void {
    for (const stream of this.#open.values()) stream.cut(reason, mode)
  }

  /** Streams with an id above `since`: the ended ones that are still known, then the open ones. */
  list(since: number): StreamState[] {
    const nowUs = this.#context.clock.nowUs()
    const states = [...this.#ended.list()].filter((state) => state.id > since)
    for (const stream of this.#open.values()) if (stream.spec.id > since) states.push(stateOf(stream, 'open', nowUs))
    return states
  }

  #onEnded = (stream: Stream): void => {
    const { totals, clock } = this.#context
    totals.ends[stream.end ?? 'error']++
    totals.abandoned += stream.queued
    this.#open.delete(stream.spec.id)
    this.#ended.add(stateOf(stream, 'ended', clock.nowUs()))
    this.#context.onEnded(stream)
    if (this.#open.size === 0) for (const resolve of this.#onEmpty.splice(0)) resolve()
  }

  #sweep = (): void => {
    const { clock, totals, heartbeatMs, sendTimeoutMs } = this.#context
    const nowUs = clock.nowUs()
    // While this process stood still (SIGSTOP, suspend) no reader could be served: give each the full time again.
    if (nowUs - this.#sweptAtUs > (this.#sweepMs + STALL_MS) * 1000)
      this.#noTimeoutBeforeUs = nowUs + sendTimeoutMs * 1000
    this.#sweptAtUs = nowUs
    for (const stream of this.#open.values()) {
      if (stream.blockedSinceUs !== null) {
        const isStuck = nowUs - stream.blockedSinceUs >= sendTimeoutMs * 1000 && nowUs >= this.#noTimeoutBeforeUs
        if (isStuck) stream.cut('send-timeout', 'fin')
      } else if (heartbeatMs > 0 && stream.end === null && nowUs - stream.lastWriteUs >= heartbeatMs * 1000) {
        totals.heartbeats++
        stream.tell(HEARTBEAT, nowUs)
      }
    }
    if (nowUs - this.#rate.toUs >= 1e6) {
      this.#rate = { fromUs: this.#rate.toUs, from: this.#rate.to, toUs: nowUs, to: totals.written }
    }
    clock.after(this.#sweepMs, this.#sweep)
  }
}

function stateOf(stream: Stream, state: 'open' | 'ended', nowUs: number): StreamState {
  const { offered, written, dropped, queued, queuedBytes, socketQueued } = stream
  const { id, channel, lastEventId } = stream.spec
  const blockedForUs = stream.blockedSinceUs === null ? 0 : nowUs - stream.blockedSinceUs
  return {
    id,
    channel,
    state,
    reason: stream.end,
    first: stream.first || null,
    last: stream.last || null,
    offered,
    written,
    dropped,
    queued,
    queuedBytes,
    socketQueued,
    blockedForUs,
    blockedTotalUs: stream.blockedTotalUs + blockedForUs,
    lastEventId,
  }
}
