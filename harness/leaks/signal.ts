import type { LeakSignal } from '../model/record.ts'
import type { Slope } from '../statistics/theil-sen.ts'

/**
 * How a signal is judged: `exact` has to be back at its baseline to the unit, `count` must not go on growing, `gauge` (the
 * server's own number of clients) has to be back at its floor, `bytes` are judged by statistics, and a `ceiling` (RSS, which
 * a collected heap does not give back) is shown and convicts nobody.
 */
export type SignalKind = 'exact' | 'count' | 'gauge' | 'bytes' | 'ceiling'

/** One thing that was read after each cycle of equal work, once the clients had left and the server had settled. */
export interface MeasuredSignal {
  name: string
  unit: 'count' | 'bytes'
  kind: SignalKind
  /** Read before the first cycle that counts; null: not read. */
  baseline: number | null
  /** One per cycle, without those that only warm up; null: could not be read. */
  samples: readonly (number | null)[]
  /** Clients that came and left in each cycle. */
  connectionsPerCycle: number
  /** Garbage was collected by force before each sample. */
  collected: boolean
}

/** Growth in the signal's unit for each client that came and left, with the interval that holds it at `confidence`, in (0, 1]. */
export interface Growth {
  slope: number
  low: number
  high: number
  confidence: number
}

export interface SignalVerdict {
  /** `informative` for a ceiling only. */
  verdict: LeakSignal['verdict']
  /** One sentence with the numbers that decided. */
  why: string
  /** One sentence: the rule, with its numbers. */
  rule: string
  /** Null where it was not or cannot be estimated. */
  perConnection: Growth | null
  /** Of a clean signal: a leak of so much per connection or more would have been seen. Null for any other verdict. */
  power: number | null
}

export const undecided = (why: string, rule: string, perConnection: Growth | null = null): SignalVerdict => ({
  verdict: 'undecided',
  why,
  rule,
  perConnection,
  power: null,
})

export interface Reading {
  /** The cycle, from 0. */
  x: number
  y: number
}

/** The samples that could be read. What is no finite number could not. */
export const readingsOf = ({ samples }: MeasuredSignal): Reading[] =>
  samples.flatMap((y, x) => (y !== null && Number.isFinite(y) ? [{ x, y }] : []))

/** Why a signal with too little to judge cannot be judged; null when there is enough. Gaps are not looked at. */
export function tooFew(signal: MeasuredSignal, least: number): string | null {
  const done = signal.samples.length
  if (done === 0) return `no cycle was completed, and at least ${least} are needed`
  const known = readingsOf(signal).length
  if (known === 0) return `it could not be read after any of ${done} cycles`
  if (known >= least) return null
  return known === done
    ? `${done} cycles are too few to tell: at least ${least} are needed`
    : `it could be read after ${known} of ${done} cycles only, and at least ${least} are needed`
}

/** What is missing of a signal that shows no leak; null when nothing is. What was not seen is never clean. */
export function gaps(signal: MeasuredSignal): string | null {
  const missing = signal.samples.length - readingsOf(signal).length
  return missing === 0 ? null : `it could not be read after ${missing} of ${signal.samples.length} cycles`
}

/** The first, the middle and the last third of the readings, of equal size; what is left over goes to the first. */
export function thirdsOf(readings: readonly Reading[]): [first: Reading[], middle: Reading[], last: Reading[]] {
  const size = Math.floor(readings.length / 3)
  const [middle, last] = [readings.length - 2 * size, readings.length - size]
  return [readings.slice(0, middle), readings.slice(middle, last), readings.slice(last)]
}

/** A number in words of a report: three digits that count. */
export const shown = (value: number): string => `${Number(value.toPrecision(3))}`

export const percent = (share: number): string => `${Number((share * 100).toPrecision(4))} %`

/** A slope per cycle as growth per connection; null when it has no interval. */
export function growthPer(slope: Slope | null, connections: number, confidence: number): Growth | null {
  if (slope === null || !Number.isFinite(slope.high - slope.low)) return null
  const { value, low, high } = slope
  return { slope: value / connections, low: low / connections, high: high / connections, confidence }
}
