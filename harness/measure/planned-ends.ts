import type { Microseconds } from '../model/units.ts'
import type { EndTallies } from './tallies.ts'
import { hitsOf } from './tallies.ts'

const NONE = -1

/** Which fault of the plan is about to end one stream, and which ones it is recovering from. */
export class PlannedEnds {
  private pending = NONE
  /** Several when it was hit again before anything new had come; no more than the plan has faults. */
  private hitBy: number[] = []

  /** The other side was told to end the stream once. */
  expect(fault: number): void {
    this.pending = fault
  }

  /** The stream was lost; false when the plan had not asked for that. */
  lost(tallies: EndTallies): boolean {
    if (this.pending === NONE) return false
    hitsOf(tallies, this.pending).affected += 1
    this.hitBy.push(this.pending)
    this.pending = NONE
    return true
  }

  /** The stream received a new event again. */
  recovered(now: Microseconds, tallies: EndTallies): void {
    if (this.hitBy.length === 0) return
    for (const fault of this.hitBy) hitsOf(tallies, fault).recoveredAt.push(now)
    this.hitBy = []
  }
}
