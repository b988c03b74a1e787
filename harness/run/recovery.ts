import type { FaultHits } from '../measure/tallies.ts'
import type { Microseconds } from '../model/units.ts'

/** So many of a fault's streams must receive again before it counts as recovered from. */
const SHARE = 0.99

/**
 * How long it took after the end of a fault until 99 % of its streams received again. When fewer did, it is known to have
 * taken at least until the run's end. Null when the fault hit no stream.
 */
export function recoveryOf(
  hits: readonly FaultHits[],
  faultEnd: Microseconds,
  runEnd: Microseconds,
): { duration: Microseconds; censored: boolean } | null {
  const affected = hits.reduce((sum, hit) => sum + hit.affected, 0)
  if (affected === 0) return null
  const times = hits.flatMap((hit) => hit.recoveredAt).toSorted((a, b) => a - b)
  const decisive = times[Math.ceil(SHARE * affected) - 1]
  // Some may receive again before the server has answered that it has ended them all.
  return { duration: Math.max(0, (decisive ?? runEnd) - faultEnd), censored: decisive === undefined }
}
