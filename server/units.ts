/** What a parser of user input gives: the value, or half a sentence that says what is wrong and the way out. */
export type Parsed<T> = { readonly value: T } | { readonly fault: string }

const DURATION_UNITS_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const SIZE_UNITS: Record<string, number> = { '': 1, B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, kB: 1e3, MB: 1e6 }

/** Milliseconds. A bare number is refused: whether it means seconds or milliseconds is a guess. */
export function parseDuration(text: string, minMs: number, maxMs: number): Parsed<number> {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  if (match === null) return { fault: `is not a duration; write a number with its unit, as 500ms, 15s or 2m` }
  return within(Number(match[1]) * (DURATION_UNITS_MS[match[2] as string] as number), minMs, maxMs, 'ms')
}

/** Bytes; bare numbers are bytes. */
export function parseSize(text: string, min: number, max: number): Parsed<number> {
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(text)
  const unit = SIZE_UNITS[match?.[2] ?? '?']
  if (match === null || unit === undefined) return { fault: 'is not a size; write bytes, as 128, 64KiB or 1MiB' }
  return within(Math.round(Number(match[1]) * unit), min, max, ' bytes')
}

export function parseInteger(text: string, min: number, max: number): Parsed<number> {
  if (!/^\d{1,15}$/.test(text)) return { fault: `is not a whole number; write one from ${min} to ${max}` }
  return within(Number(text), min, max, '')
}

/** Events per second: 0 (as fast as the reader takes them) or a rate with fractions. */
export function parseRate(text: string, min: number, max: number): Parsed<number> {
  if (!/^\d{1,9}(?:\.\d{1,9})?$/.test(text)) return { fault: 'is not a number of events per second; write 10 or 0.1' }
  return Number(text) === 0 ? { value: 0 } : within(Number(text), min, max, ' events/s')
}

function within(value: number, min: number, max: number, unit: string): Parsed<number> {
  if (value >= min && value <= max) return { value }
  return { fault: `is out of range; give ${min}${unit} to ${max}${unit}` }
}
