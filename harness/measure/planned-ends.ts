import type { Microseconds } from '../model/units.ts'
import type { EndTallies } from './tallies.ts'
import { hitsOf } from './tallies.ts'

const NONE = -1

/** Which fault of the plan is about to end one stream, and which one it is recovering from. */
export class PlannedEnds {
  private pending = NONE
  private hitBy = NONE

  /** The other side was told to end the stream once. */
  expect(fault: number): void {
    this.pending = fault
  }

  /** The stream was lost; false when the plan had not asked for that. */
  lost(tallies: EndTallies): boolean {
    if (this.pending === NONE) return false
    hitsOf(tallies, this.pending).affected += 1
    this.hitBy = this.pending
    this.pending = NONE
    return true
  }

  /** The stream received a new event again. */
  recovered(now: Microseconds, tallies: EndTallies): void {
    if (this.hitBy !== NONE) hitsOf(tallies, this.hitBy).recoveredAt.push(now)
    this.hitBy = NONE
  }
}
