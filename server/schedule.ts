/**
 * When may an event go out? Due times live on a schedule of their own that stands still during a pause, so that a pause
 * makes no event come due and none is lost: everything after it is due later by exactly its length.
 * A delay changes when an event is sent, never when it was due. All times are epoch microseconds.
 */
export class Schedule {
  #shiftUs = 0
  #pausedAtUs: number | null = null
  #delayUs = 0
  #delayUntilUs = Infinity

  get isPaused(): boolean {
    return this.#pausedAtUs !== null
  }

  pause(nowUs: number): void {
    this.#pausedAtUs ??= nowUs
  }

  resume(nowUs: number): void {
    if (this.#pausedAtUs === null) return
    this.#shiftUs += nowUs - this.#pausedAtUs
    this.#pausedAtUs = null
  }

  /** Holds every event back by `delayUs` until `untilUs`; what is held then goes out at once. */
  delay(delayUs: number, untilUs: number): void {
    this.#delayUs = delayUs
    this.#delayUntilUs = untilUs
  }

  delayAt(nowUs: number): number {
    return nowUs < this.#delayUntilUs ? this.#delayUs : 0
  }

  /** Where the schedule stands: what is due up to here (or earlier by the delay) may be sent. */
  positionUs(nowUs: number): number {
    return (this.#pausedAtUs ?? nowUs) - this.#shiftUs
  }

  /** When a point of the schedule is (or was) on the clock. */
  clockUs(positionUs: number): number {
    return positionUs + this.#shiftUs
  }

  /** The earliest clock time at which what is due at `positionUs` may be sent. */
  sendAtUs(positionUs: number, nowUs: number): number {
    const dueUs = this.clockUs(positionUs)
    const delayUs = this.delayAt(nowUs)
    return delayUs === 0 ? dueUs : Math.min(dueUs + delayUs, Math.max(dueUs, this.#delayUntilUs))
  }
}
