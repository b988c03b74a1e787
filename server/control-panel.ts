import type { Channels } from './channels.ts'
import type { Clock } from './clock.ts'
import type { ControlAction } from './control.ts'
import type { Schedule } from './schedule.ts'
import type { Stream } from './stream.ts'
import type { Streams } from './streams.ts'

export interface PanelContext {
  readonly clock: Clock
  readonly schedule: Schedule
  readonly channels: Channels
  readonly streams: Streams
}

/** How new requests for /events are refused while the fault lasts. */
export interface FailFault {
  readonly status: number
  /** Seconds, as the header wants them. */
  readonly retryAfter: number | null
  readonly untilUs: number
}

const ids = (streams: readonly Stream[]): number[] => streams.map((stream) => stream.spec.id)

/** What /control does to the server, and what of it is in force. */
export class ControlPanel {
  readonly #context: PanelContext
  #fail: FailFault | null = null

  constructor(context: PanelContext) {
    this.#context = context
  }

  /** The refusal in force, or null. */
  get fail(): FailFault | null {
    return this.#fail !== null && this.#context.clock.nowUs() < this.#fail.untilUs ? this.#fail : null
  }

  /** Times in epoch microseconds; null where a fault lasts until it is reset. */
  state(): object {
    const { schedule, clock } = this.#context
    const finite = (us: number): number | null => (Number.isFinite(us) ? us : null)
    const { fail } = this
    return {
      paused: schedule.isPaused,
      delayMs: schedule.delayAt(clock.nowUs()) / 1000,
      fail: fail === null ? null : { ...fail, untilUs: finite(fail.untilUs) },
    }
  }

  /** Does it, and says what it did; `channels` tells each head, up to which a reader can now drain. */
  apply(request: ControlAction): object {
    const result = this.#do(request)
    const { channels, clock } = this.#context
    return { action: request.action, now: clock.nowUs(), ...this.state(), channels: channels.list(), ...result }
  }

  #do(request: ControlAction): object {
    const { channels, schedule } = this.#context
    switch (request.action) {
      case 'pause':
        channels.pause()
        return {}
      case 'resume':
        channels.resume()
        return {}
      case 'delay':
        schedule.delay(Math.round(request.ms * 1000), this.#until(request.forMs))
        channels.rearm()
        return {}
      case 'fail':
        this.#fail = { status: request.status, retryAfter: request.retryAfter, untilUs: this.#until(request.forMs) }
        return {}
      case 'drop':
        return this.#drop(request.share, request.mode)
      case 'end':
        return this.#end(request.share)
      case 'reset-faults':
        this.#fail = null
        schedule.delay(0, Infinity)
        channels.resume()
        return {}
    }
  }

  #drop(share: number, mode: 'reset' | 'fin'): object {
    const picked = this.#context.streams.pick(share)
    for (const stream of picked) stream.cut('control-drop', mode)
    return { dropped: picked.length, ids: ids(picked) }
  }

  #end(share: number): object {
    const picked = this.#context.streams.pick(share)
    for (const stream of picked) stream.finish('control-end')
    return { ended: picked.length, ids: ids(picked) }
  }

  #until(forMs: number | null): number {
    return forMs === null ? Infinity : this.#context.clock.nowUs() + Math.round(forMs * 1000)
  }
}
