import type { Leaks, LeakSignal } from '../model/record.ts'

/** One thing that is counted on the server, before the cycles and after each. */
export interface SignalSeries {
  name: string
  unit: string
  baseline: number | null
  samples: (number | null)[]
  /** Counts must return exactly; bytes are shown but not judged from so few samples. */
  exact: boolean
}

/**
 * Counts have no noise: after a cycle they are back at their start or something was left behind. Missing data is never
 * clean.
 */
export function judgeExact(series: readonly SignalSeries[], connectionsPerCycle: number): Leaks {
  const signals = series.map((signal) => judgeSignal(signal, connectionsPerCycle))
  const judged = signals.filter((signal) => signal.verdict !== 'informative')
  const leaking = judged.some((signal) => signal.verdict === 'leak')
  const open = judged.length === 0 || judged.some((signal) => signal.verdict === 'undecided')
  return {
    verdict: leaking ? 'leak' : open ? 'undecided' : 'clean',
    cycles: Math.max(0, ...series.map((signal) => signal.samples.length)),
    connectionsPerCycle,
    signals,
  }
}

function judgeSignal({ name, unit, baseline, samples, exact }: SignalSeries, connections: number): LeakSignal {
  const base = { name, unit, baseline, samples }
  if (!exact) return { ...base, verdict: 'informative', why: 'shown, not judged' }
  const last = samples.at(-1)
  if (baseline === null || last == null)
    return {
      ...base,
      verdict: 'undecided',
      why: samples.length === 0 ? 'no cycle was completed' : 'cannot be read on this platform',
    }
  if (last === baseline) return { ...base, verdict: 'clean', why: `back at ${baseline} after ${samples.length} cycles` }
  const left = last - baseline
  if (left < 0)
    return { ...base, verdict: 'undecided', why: `${-left} fewer than at the start, so the start was not at rest` }
  const perConnection = left / (samples.length * connections)
  return {
    ...base,
    verdict: 'leak',
    why: `${left} more than at the start after ${samples.length} cycles of ${connections} connections (${perConnection.toFixed(3)} each)`,
  }
}
