import { sleep } from 'k6'

const MS_PER_SECOND = 1000

/** Waits until a time in milliseconds since the epoch. */
export function sleepUntil(at: number): void {
  sleep(Math.max(0, at - Date.now()) / MS_PER_SECOND)
}

/** k6's clock of a scenario starts a little later than its `startTime` says. */
const MARGIN_MS = 100

/** Waits until a scenario that ends at this time has ended: a user who returns before it is sent off once more. */
export function sleepPast(end: number): void {
  sleepUntil(end + MARGIN_MS)
}

/** Milliseconds as k6 and both modules read a duration. 0 would mean for ever to both of them. */
export function durationText(ms: number): string {
  return `${Math.max(1, Math.round(ms))}ms`
}

/**
 * Users for an arrival rate: each holds a stream for its whole life, so rate x life are busy. A fifth more, because a
 * stream that is slow to open keeps its user for longer.
 */
export function usersFor(ratePerSecond: number, streamMs: number): number {
  return Math.ceil(((ratePerSecond * streamMs) / MS_PER_SECOND) * 1.2) + 5
}
