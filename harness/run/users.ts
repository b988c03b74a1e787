import type { RunPlan } from '../model/plan.ts'
import { parseRate, planDuration } from '../model/plan.ts'
import type { Microseconds } from '../model/units.ts'
import { constantArrivalRate, constantUsers, dealProfiles } from '../pacing/arrivals.ts'
import type { UserSpec } from './protocol.ts'

/**
 * Who starts when, with which profile, on which worker: decided before the start and the same for the same plan. User n
 * is on worker n mod W, so that every worker has its part of the ramp.
 */
export function assignUsers(
  plan: RunPlan,
  length: Microseconds,
  firstStream: number,
  startAt: Microseconds,
  workers: number,
): { users: UserSpec[][]; total: number } {
  const { load } = plan
  const pacer =
    load.arrivalRate === null
      ? constantUsers(load.connections, planDuration(load.ramp))
      : constantArrivalRate(parseRate(load.arrivalRate))
  const total = pacer.countBefore(length)
  const profiles = dealProfiles(plan.mix, total)
  const users: UserSpec[][] = Array.from({ length: workers }, () => [])
  profiles.forEach((profile, index) => {
    users[index % workers]?.push({ stream: firstStream + index, dueAt: startAt + pacer.dueAt(index), profile })
  })
  return { users, total }
}
