import { formatCount, MS_PER_SECOND, US_PER_MS, US_PER_SECOND } from '../../model/units.ts'
import type { ChartUnit } from '../view.ts'

/** Round values from 0 to at least `highest`, about `wanted` steps of 1, 2 or 5 times a power of ten. */
export function ticksTo(highest: number, wanted: number): number[] {
  if (!(highest > 0)) return [0, 1]
  const raw = highest / wanted
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = power * ([1, 2, 5].find((factor) => factor * power >= raw) ?? 10)
  const count = Math.ceil(highest / step - 1e-9)
  return Array.from({ length: count + 1 }, (_, i) => i * step)
}

const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400]

/** Times in microseconds within `from` and `to`, at steps that a clock has. */
export function timeTicks(toUs: number, wanted: number): number[] {
  const seconds = toUs / US_PER_SECOND
  if (seconds < 1) return ticksTo(toUs, wanted).filter((tick) => tick <= toUs)
  const step = TIME_STEPS.find((candidate) => seconds / candidate <= wanted) ?? Math.ceil(seconds / wanted)
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, i) => i * step * US_PER_SECOND)
}

const short = (value: number) => `${Number(value.toPrecision(3))}`

/** `250 ms`, `1.5k`, `40 %`: as short as an axis needs. */
export function tickText(value: number, unit: ChartUnit): string {
  if (unit === 'ratio') return `${short(value * 100)} %`
  if (unit === 'us') return durationText(value)
  if (unit === 'bytes' && value < 1e3) return `${short(value)} B`
  if (unit === 'bytes') return value < 1e6 ? `${short(value / 1e3)} kB` : `${short(value / 1e6)} MB`
  if (value >= 1e7) return `${short(value / 1e6)}M`
  return value >= 10_000 ? `${short(value / MS_PER_SECOND)}k` : formatCount(value)
}

export function durationText(us: number): string {
  if (us === 0) return '0'
  if (us < US_PER_MS) return `${short(us)} us`
  if (us < US_PER_SECOND) return `${short(us / US_PER_MS)} ms`
  if (us < 120 * US_PER_SECOND) return `${short(us / US_PER_SECOND)} s`
  return us < 7200 * US_PER_SECOND
    ? `${short(us / (60 * US_PER_SECOND))} min`
    : `${short(us / (3600 * US_PER_SECOND))} h`
}
