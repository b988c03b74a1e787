import type { Clock } from './clock.ts'
import type { QueueLimits } from './patterns/bounded-queue.ts'
import type { Stream } from './stream.ts'
import type { Totals } from './totals.ts'

/** What happens to a reader whose queue is full. */
export const SLOW_POLICIES = ['drop-oldest', 'disconnect'] as const
export type SlowPolicy = (typeof SLOW_POLICIES)[number]

/** What all streams of a server share. */
export interface StreamContext {
  readonly clock: Clock
  readonly totals: Totals
  readonly queue: QueueLimits
  readonly policy: SlowPolicy
  /** Called once, when the connection is over. */
  readonly onEnded: (stream: Stream) => void
}

export interface StreamSpec {
  readonly id: number
  /** Key of the channel. */
  readonly channel: string
  readonly lastEventId: number | null
  /** End cleanly after this many events; Infinity for never. */
  readonly count: number
}
