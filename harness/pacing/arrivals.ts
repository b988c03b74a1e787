import type { Microseconds } from '../model/units.ts'
import { US_PER_SECOND } from '../model/units.ts'

/**
 * When virtual user n is due, microseconds after the start: a function of the index alone, so that a late start moves
 * no later one and a schedule cannot drift.
 */
export interface Pacer {
  dueAt(index: number): Microseconds
  /** How many users are due before this time; infinite schedules are cut by the length of the run. */
  countBefore(end: Microseconds): number
}

/** A closed model: `count` users spread evenly over `ramp`, then no more. */
export function constantUsers(count: number, ramp: Microseconds): Pacer {
  return {
    dueAt: (index) => Math.round((index * ramp) / count),
    countBefore: () => count,
  }
}

/** An open model: users come at `perSecond`, however the target is doing. */
export function constantArrivalRate(perSecond: number): Pacer {
  const dueAt = (index: number): Microseconds => Math.round((index * US_PER_SECOND) / perSecond)
  return {
    dueAt,
    countBefore: (end) => countBefore(dueAt, end, Math.ceil((end * perSecond) / US_PER_SECOND)),
  }
}

/** Due times are rounded to microseconds, and so a border may fall on the other side of one. */
function countBefore(dueAt: Pacer['dueAt'], end: Microseconds, estimate: number): number {
  let count = Math.max(0, estimate)
  while (count > 0 && dueAt(count - 1) >= end) count -= 1
  while (dueAt(count) < end) count += 1
  return count
}

/**
 * Deals profiles out to users by their shares, evenly mixed and the same for every run: user n gets the profile whose
 * share is furthest behind after n users.
 */
export function dealProfiles<P extends string>(mix: Readonly<Partial<Record<P, number>>>, count: number): P[] {
  const entries = Object.entries(mix) as [P, number][]
  const total = entries.reduce((sum, [, share]) => sum + share, 0)
  const dealt = entries.map(() => 0)
  return Array.from({ length: count }, (_, index) => {
    let chosen = 0
    let furthest = -Infinity
    entries.forEach(([, share], i) => {
      const behind = (share / total) * (index + 1) - (dealt[i] ?? 0)
      if (behind > furthest) {
        furthest = behind
        chosen = i
      }
    })
    dealt[chosen] = (dealt[chosen] ?? 0) + 1
    return entries[chosen]?.[0] as P
  })
}
