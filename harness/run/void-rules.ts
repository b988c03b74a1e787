import type { VoidReason } from '../model/record.ts'
import type { Microseconds } from '../model/units.ts'
import { formatDuration, US_PER_MS, US_PER_SECOND } from '../model/units.ts'
import type { LoadWindow } from './second.ts'

const MOST_UTILISATION = 0.9
const MOST_BUSY_WINDOWS = 0.1
const MOST_QUOTA = 0.9
/** Measured time from which on the harness's own load says something. */
const LEAST_JUDGED: Microseconds = US_PER_SECOND
const MOST_DROPPED = 0.01
const MOST_CLOCK_ERROR: Microseconds = US_PER_MS
/**
 * A loop that is idle most of the time tells nothing of a core that others use: 1000 streams beside one busy loop on the
 * same core read a transit of 12 ms for 0.3 ms while the loop was half empty. The time spent waiting for the core does.
 */
const MUCH_RUN_DELAY = 0.2

export interface Circumstances {
  generator: 'node' | 'k6'
  /** One per measured second. */
  windows: readonly LoadWindow[]
  workers: number
  /** Cores that the workers may use. */
  cores: number
  arrivals: number
  droppedArrivals: number
  /** Largest error of the clock's offset; null when stamps need none. */
  clockError: Microseconds | null
  /** How far the wall clock was moved during the run. */
  clockStep: Microseconds
}

const percent = (ratio: number): string => `${(ratio * 100).toFixed(1)} %`

/** Reasons why the run's figures cannot be trusted, each with the remedy. */
export function voidReasons(c: Circumstances): VoidReason[] {
  const reasons = [...ownLoadReasons(c), ...otherReasons(c)]
  return c.generator === 'node' ? reasons : reasons.map(ofK6)
}

/** The same rules, in the words of who it concerns. */
function ofK6({ rule, actual, limit, remedy }: VoidReason): VoidReason {
  const own: Record<string, string> = {
    dropped_arrivals: 'raise maxVUs of the scenario, or let its streams end sooner',
    clock_step: remedy,
    cpu_wait: 'give k6 cores of its own: stop what else runs there, or run the server elsewhere',
  }
  const full = 'k6 was full: use fewer virtual users or a lower event rate, or give it more cores'
  return { rule, actual: `k6: ${actual}`, limit, remedy: own[rule] ?? full }
}

function ownLoadReasons(c: Circumstances): VoidReason[] {
  // A moment is all start-up. What fails at once must not be hidden behind how busy that made the harness.
  if (timeOf(c.windows) < LEAST_JUDGED) return []
  const reasons: VoidReason[] = []
  const busy = shareOf(c.windows, (w) => w.utilisation > MOST_UTILISATION)
  if (busy > MOST_BUSY_WINDOWS) {
    reasons.push({
      rule: 'loop_utilisation',
      actual: `above ${MOST_UTILISATION} in ${percent(busy)} of the measured seconds`,
      limit: `${percent(MOST_BUSY_WINDOWS)} of them`,
      remedy: c.windows.some(waitsForCore)
        ? 'the harness was waiting for a core: give it one of its own (stop what else runs there, or taskset), or ask for less load'
        : 'the harness was full: add --workers, use fewer connections, or a lower event rate',
    })
  }
  const waiting = shareOf(c.windows, waitsForCore)
  if (waiting > MOST_BUSY_WINDOWS) {
    reasons.push({
      rule: 'cpu_wait',
      actual: `waited for a core for over ${percent(MUCH_RUN_DELAY)} of the time in ${percent(waiting)} of the measured seconds`,
      limit: `${percent(MOST_BUSY_WINDOWS)} of them`,
      remedy: 'give the harness a core of its own: stop what else runs on its cores, or use taskset',
    })
  }
  const quota = Math.min(c.cores, c.workers)
  const average = c.windows.reduce((sum, w) => sum + w.cores * w.span, 0) / Math.max(1, timeOf(c.windows))
  if (average > MOST_QUOTA * quota) {
    reasons.push({
      rule: 'harness_cpu',
      actual: `${average.toFixed(2)} cores`,
      limit: `${percent(MOST_QUOTA)} of ${quota}`,
      remedy:
        c.cores > c.workers
          ? 'add --workers: each can use one core'
          : 'use fewer connections or a lower event rate; all cores that the harness may use are full',
    })
  }
  return reasons
}

function otherReasons(c: Circumstances): VoidReason[] {
  const reasons: VoidReason[] = []
  if (c.arrivals > 0 && c.droppedArrivals / c.arrivals > MOST_DROPPED) {
    reasons.push({
      rule: 'dropped_arrivals',
      actual: `${c.droppedArrivals} of ${c.arrivals}`,
      limit: percent(MOST_DROPPED),
      remedy: 'raise --connections, which is the most streams that may be open at once, or shorten --stream-duration',
    })
  }
  if (c.clockError !== null && c.clockError > MOST_CLOCK_ERROR) {
    reasons.push({
      rule: 'clock_offset_error',
      actual: formatDuration(c.clockError),
      limit: formatDuration(MOST_CLOCK_ERROR),
      remedy: 'the way to the target is too long to compare clocks over: run the harness nearer to it',
    })
  }
  if (Math.abs(c.clockStep) > MOST_CLOCK_ERROR) {
    reasons.push({
      rule: 'clock_step',
      actual: formatDuration(c.clockStep),
      limit: formatDuration(MOST_CLOCK_ERROR),
      remedy: "this machine's wall clock was set during the run: run again once it is steady",
    })
  }
  return reasons
}

/** Things that spoil no figure for certain but that a reader should know. */
export function loadWarnings(windows: readonly LoadWindow[]): string[] {
  const waiting = timeOf(windows.filter(waitsForCore))
  if (waiting === 0) return []
  return [
    `in ${formatDuration(waiting)} of ${formatDuration(timeOf(windows))} measured the harness waited for a core for more than ${MUCH_RUN_DELAY * 100} % of the time; latencies include that`,
  ]
}

const waitsForCore = (window: LoadWindow): boolean => (window.runDelayRatio ?? 0) > MUCH_RUN_DELAY

const timeOf = (windows: readonly LoadWindow[]): Microseconds => windows.reduce((sum, w) => sum + w.span, 0)

/** By time and not by count: the first and the last window are parts of a second, and a worker that hangs makes long ones. */
const shareOf = (windows: readonly LoadWindow[], isSo: (window: LoadWindow) => boolean): number =>
  timeOf(windows.filter(isSo)) / Math.max(1, timeOf(windows))
