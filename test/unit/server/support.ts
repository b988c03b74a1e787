import type { ChannelSpec } from '../../../server/channel.ts'
import type { Clock, Timer } from '../../../server/clock.ts'
import { unframe } from '../../../server/encode.ts'
import type { CutMode, Outlet } from '../../../server/outlet.ts'
import type { StreamContext } from '../../../server/stream-context.ts'
import { Stream } from '../../../server/stream.ts'
import { newTotals } from '../../../server/totals.ts'

/** Time that moves only when a test says so; timers fire in the order of their times. */
export class ManualClock implements Clock {
  #nowUs = 1_700_000_000_000_000
  #waiting: { atUs: number; fn: () => void }[] = []
  readonly #soon: (() => void)[] = []
  /** Fire timers this much too early, as Node does. */
  earlyUs = 0

  nowUs = (): number => this.#nowUs

  get timers(): number {
    return this.#waiting.length
  }

  after(delayMs: number, fn: () => void): Timer {
    const entry = { atUs: this.#nowUs + delayMs * 1000 - this.earlyUs, fn }
    this.#waiting.push(entry)
    return { cancel: () => void (this.#waiting = this.#waiting.filter((other) => other !== entry)) }
  }

  soon(fn: () => void): void {
    this.#soon.push(fn)
  }

  /** One turn of the loop: what asked for a later turn has it now. */
  turn(): void {
    for (const fn of this.#soon.splice(0)) fn()
  }

  advanceMs(ms: number): void {
    const endUs = this.#nowUs + ms * 1000
    for (;;) {
      const next = this.#waiting.toSorted((a, b) => a.atUs - b.atUs)[0]
      if (next === undefined || next.atUs > endUs) break
      this.#waiting = this.#waiting.filter((other) => other !== next)
      this.#nowUs = Math.max(this.#nowUs, next.atUs)
      next.fn()
    }
    this.#nowUs = endUs
  }

  /** The process stands still: time passes and no timer fires until it goes on. */
  stallMs(ms: number): void {
    this.#nowUs += ms * 1000
  }
}

/** Keeps what was written; says wait while `isFull`. */
export class FakeOutlet implements Outlet {
  readonly writes: Buffer[] = []
  isFull = false
  pendingBytes = 0
  ended = 0
  cuts: CutMode[] = []

  write(chunks: Buffer): boolean {
    this.writes.push(chunks)
    return !this.isFull
  }

  end(): void {
    this.ended++
  }

  cut(mode: CutMode): void {
    this.cuts.push(mode)
  }

  text(): string {
    return unframe(Buffer.concat(this.writes)).toString()
  }

  sequences(): number[] {
    return [...this.text().matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]))
  }
}

export interface SentEvent {
  seq: number
  dueAt: number
  sentAt: number
  p: string
}

export const sentEvents = (outlet: FakeOutlet): SentEvent[] =>
  [...outlet.text().matchAll(/^data: (\{"seq".*\})$/gm)].map((match) => JSON.parse(match[1] ?? '') as SentEvent)

export function testStream(
  clock: Clock,
  overrides: Partial<StreamContext> = {},
  spec: { count?: number; lastEventId?: number | null; channel?: string } = {},
): { stream: Stream; outlet: FakeOutlet; context: StreamContext } {
  const queue = { items: 1000, bytes: 1_000_000 }
  const context = { clock, totals: newTotals(), queue, policy: 'drop-oldest', onEnded: () => {}, ...overrides } as const
  const { count = Infinity, lastEventId = null, channel = 'c/1/1' } = spec
  const stream = new Stream({ id: 1, channel, lastEventId, count }, context)
  const outlet = new FakeOutlet()
  stream.attach(outlet)
  return { stream, outlet, context }
}

export const channelSpec = (rate: number, sizeBytes = 100): ChannelSpec => ({
  key: `c/${rate}/${sizeBytes}`,
  channel: 'c',
  rate,
  sizeBytes,
})
