import type { Clock } from '../../measure/clock.ts'
import type { ProfileName } from '../../model/plan.ts'
import type { Microseconds } from '../../model/units.ts'

/** What a profile may do with its stream. A paused stream is not read from, so that back-pressure reaches the server. */
export interface Throttle {
  pause(): void
  /** Never from within a callback of any stream: the bytes that were kept back are parsed before it returns. */
  resume(): void
}

/** Parameters of all profiles together; each takes its own. */
export interface ProfileParams {
  readonly bytesPerSecond: number
}

/** What a profile is told, for one stream. */
export interface Behaviour {
  /** A chunk of the body was read. */
  read(nowUs: Microseconds, bytes: number): void
  /** The connection is gone, whoever ended it; timers are to be dropped. */
  closed(): void
}

/** What a virtual user does with its stream besides receiving it. */
export interface Profile {
  readonly name: ProfileName
  readonly what: string
  /** Null when there is nothing to be told. */
  attach(stream: Throttle, params: ProfileParams, clock: Clock): Behaviour | null
}
