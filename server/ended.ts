import { STREAM_ENDS, type StreamEnd } from './totals.ts'

/** A stream as /stats tells it. Sequences are null when nothing was written; durations are microseconds. */
export interface StreamState {
  readonly id: number
  readonly channel: string
  readonly state: 'open' | 'ended'
  /** Why it ended or is ending; null while it is simply open. */
  readonly reason: StreamEnd | null
  readonly first: number | null
  readonly last: number | null
  readonly offered: number
  readonly written: number
  readonly dropped: number
  readonly queued: number
  readonly queuedBytes: number
  /** Bytes written and not yet given to the kernel. */
  readonly socketQueued: number
  readonly blockedForUs: number
  readonly blockedTotalUs: number
  readonly lastEventId: number | null
}

const NUMBERS = [
  'id',
  'first',
  'last',
  'offered',
  'written',
  'dropped',
  'queued',
  'queuedBytes',
  'socketQueued',
  'blockedForUs',
  'blockedTotalUs',
  'lastEventId',
] as const satisfies readonly (keyof StreamState)[]
/** One column more: the index of the reason. */
const COLUMNS = NUMBERS.length + 1

/**
 * The last ended streams, in memory that is taken in full at the start: a list that grows with every stream would be
 * seen as a leak by whoever measures this server for one. NaN stands for null (and touches the pages, so that RSS is
 * flat as well).
 */
export class EndedStreams {
  readonly #capacity: number
  readonly #numbers: Float64Array
  readonly #channels: string[]
  #count = 0

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#numbers = new Float64Array(capacity * COLUMNS).fill(NaN)
    this.#channels = Array.from({ length: capacity }, () => '')
  }

  get forgotten(): number {
    return Math.max(0, this.#count - this.#capacity)
  }

  add(state: StreamState): void {
    const slot = this.#count++ % Math.max(1, this.#capacity)
    if (this.#capacity === 0) return
    const row = slot * COLUMNS
    for (const [column, name] of NUMBERS.entries()) this.#numbers[row + column] = state[name] ?? NaN
    this.#numbers[row + NUMBERS.length] = state.reason === null ? NaN : STREAM_ENDS.indexOf(state.reason)
    this.#channels[slot] = state.channel
  }

  /** In the order in which they ended. */
  *list(): Generator<StreamState> {
    for (let n = this.forgotten; n < this.#count; n++) yield this.#read(n % this.#capacity)
  }

  #read(slot: number): StreamState {
    const row = slot * COLUMNS
    const numbers = Object.fromEntries(
      NUMBERS.map((name, column) => {
        const value = this.#numbers[row + column] as number
        return [name, Number.isNaN(value) ? null : value]
      }),
    ) as Pick<StreamState, (typeof NUMBERS)[number]>
    const reason = STREAM_ENDS[this.#numbers[row + NUMBERS.length] as number] ?? null
    return { ...numbers, channel: this.#channels[slot] as string, state: 'ended', reason }
  }
}
