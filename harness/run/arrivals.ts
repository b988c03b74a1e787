import type { Cancel, Clock } from '../measure/clock.ts'
import type { UserSpec } from './protocol.ts'

/** Starts users when they are due. A late start moves no later one, because each has a due time of its own. */
export class Arrivals {
  /** Users whose time has come. */
  come = 0
  private readonly users: readonly UserSpec[]
  private readonly clock: Clock
  private readonly start: (user: UserSpec) => void
  private cancel: Cancel | null = null

  /** `users` are in the order of their due times. */
  constructor(users: readonly UserSpec[], clock: Clock, start: (user: UserSpec) => void) {
    this.users = users
    this.clock = clock
    this.start = start
    this.cancel = clock.after(0, () => this.startDue())
  }

  stop(): void {
    this.cancel?.()
    this.cancel = null
  }

  private startDue(): void {
    let user = this.users[this.come]
    while (this.cancel !== null && user !== undefined && user.dueAt <= this.clock.now()) {
      this.come += 1
      this.start(user)
      user = this.users[this.come]
    }
    if (user !== undefined && this.cancel !== null) {
      this.cancel = this.clock.after(Math.max(0, user.dueAt - this.clock.now()), () => this.startDue())
    }
  }
}
