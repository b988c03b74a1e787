/** Epoch time or a duration in microseconds, a whole number held in a double (exact up to 2^53, which is the year 2255). */
export type Microseconds = number

export const US_PER_MS = 1000
export const US_PER_SECOND = 1_000_000
export const MS_PER_SECOND = 1000
export const BYTES_PER_KIB = 1024

const US_PER_UNIT: Readonly<Record<string, number>> = {
  us: 1,
  µs: 1,
  ms: US_PER_MS,
  s: US_PER_SECOND,
  m: 60 * US_PER_SECOND,
  h: 3600 * US_PER_SECOND,
}

/**
 * `5s`, `250ms`, `1.5m`, `1m30s` -> whole microseconds; null when it is not a duration. A bare number is not one, because
 * nobody can tell seconds from milliseconds by looking at it.
 */
export function parseDuration(text: string): Microseconds | null {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)(us|µs|ms|s|m|h)/gy)]
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text.trim()) return null
  const us = Math.round(parts.reduce((sum, part) => sum + Number(part[1]) * (US_PER_UNIT[part[2] ?? ''] ?? NaN), 0))
  return Number.isSafeInteger(us) ? us : null
}

/** Microseconds -> text that `parseDuration` reads back, to the microsecond. */
export function durationText(us: Microseconds): string {
  if (us % US_PER_SECOND === 0) return `${us / US_PER_SECOND}s`
  return us % US_PER_MS === 0 ? `${us / US_PER_MS}ms` : `${us}us`
}

/** Microseconds -> the shortest text that keeps three significant digits: `85 us`, `4.31 ms`, `12.4 s`. */
export function formatDuration(us: Microseconds): string {
  const magnitude = Math.abs(us)
  // 999.9 us is 1.00 ms and not 1000 us: what rounds up to the next unit is written in it.
  if (magnitude < US_PER_MS - 0.5) return `${Math.round(us)} us`
  if (magnitude < US_PER_SECOND - 0.5 * US_PER_MS) return `${significant(us / US_PER_MS)} ms`
  if (magnitude < 120 * US_PER_SECOND) return `${significant(us / US_PER_SECOND)} s`
  return `${significant(us / (60 * US_PER_SECOND))} min`
}

/** Bytes -> `812 B`, `13.3 KiB`, `4.02 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (Math.abs(value) >= BYTES_PER_KIB && unit < units.length - 1) {
    value /= BYTES_PER_KIB
    unit += 1
  }
  return unit === 0 ? `${value} B` : `${significant(value)} ${units[unit]}`
}

/** A count with thin groups of three: `1,204,330`. */
export function formatCount(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 })
}

function significant(value: number): string {
  const digits = Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2
  return value.toFixed(digits)
}
