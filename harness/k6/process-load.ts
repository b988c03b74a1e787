import type { Clock } from '../measure/clock.ts'
import { readText, usableCores } from '../measure/limits.ts'
import { BYTES_PER_KIB, US_PER_SECOND } from '../model/units.ts'
import { UNKNOWN } from './json-output.ts'
import type { K6Interval } from './messages.ts'

/** Linux counts CPU time in these for every program, whatever its own clock does. */
const TICKS_PER_SECOND = 100

/** Looks from outside at what a process takes, since it was last looked at; unknown where there is no /proc. */
export function watchLoad(pid: number, clock: Clock): () => K6Interval['load'] {
  const cores = usableCores()
  let before = { cpu: cpuTime(pid), time: clock.now() }
  return () => {
    const now = { cpu: cpuTime(pid), time: clock.now() }
    const cpu = now.cpu - before.cpu
    const utilisation = cpu / (Math.max(1, now.time - before.time) * cores)
    before = now
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readText(`/proc/${pid}/status`) ?? '')?.[1]
    return {
      utilisation,
      cpu,
      runDelay: null,
      rss: kib === undefined ? UNKNOWN : Number(kib) * BYTES_PER_KIB,
      gcPauses: [],
    }
  }
}

/** User and system time of a process, microseconds; unknown where there is no /proc. */
export function cpuTime(pid: number): number {
  const stat = readText(`/proc/${pid}/stat`)
  if (stat === null) return UNKNOWN
  // The name before may hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * US_PER_SECOND) / TICKS_PER_SECOND
}
