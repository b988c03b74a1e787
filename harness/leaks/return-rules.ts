import { judgeExact } from './exact-signals.ts'
import type { Growth, MeasuredSignal, SignalVerdict } from './signal.ts'
import { gaps, readingsOf, shown, tooFew, undecided } from './signal.ts'

/** Two, to tell what stays from what was only late, and one more that shows the floor where there is no baseline. */
const LEAST_CYCLES = 3
const RETURN_RULE = 'it must be back at its start, to the unit, after the last cycle'
const GAUGE_RULE =
  'it must be back at its floor (its start, or the smallest number seen) when the wait after a cycle is over'

/** The reference server's own counts: back at the baseline to the unit, or something was left behind. */
export function judgeReturn(signal: MeasuredSignal): SignalVerdict {
  const { connectionsPerCycle, name, unit } = signal
  const baseline = finite(signal.baseline)
  const samples = signal.samples.map(finite)
  const [found] = judgeExact([{ name, unit, baseline, samples, exact: true }], connectionsPerCycle).signals
  if (found === undefined) return undecided('it was not judged', RETURN_RULE)
  if (found.verdict === 'leak') {
    const growth = growthOf((samples.at(-1) ?? NaN) - (baseline ?? NaN), signal)
    return { verdict: 'leak', why: found.why, rule: RETURN_RULE, perConnection: growth, power: null }
  }
  const missing = gaps(signal)
  if (found.verdict !== 'clean') return undecided(found.why, RETURN_RULE)
  return missing === null ? clean(found.why, RETURN_RULE, signal) : undecided(missing, RETURN_RULE)
}

/**
 * A number of clients as the server counts them. It has to be back at its floor, which is the baseline or else the smallest
 * number seen, each time the wait after a cycle is over. One sample above it at the very end may be a straggler, and one that
 * is not above the baseline but above the smallest shows that the start was not at rest: neither is clean, and neither a leak.
 */
export function judgeGauge(signal: MeasuredSignal): SignalVerdict {
  const few = tooFew(signal, LEAST_CYCLES)
  if (few !== null) return undecided(few, GAUGE_RULE)
  const seen = readingsOf(signal).map(({ y }) => y)
  const baseline = finite(signal.baseline)
  const smallest = Math.min(...seen, baseline ?? Infinity)
  const floor = baseline ?? smallest
  const last = seen.at(-1) ?? NaN
  const cycles = signal.samples.length
  const above = `${shown(last - floor)} more than its floor of ${shown(floor)}`
  if (Math.min(...seen.slice(-2)) > floor) {
    const growth = growthOf(last - floor, signal)
    const why = `${above} after ${cycles} cycles of ${signal.connectionsPerCycle} connections (${shown(growth.slope)} each)`
    return { verdict: 'leak', why, rule: GAUGE_RULE, perConnection: growth, power: null }
  }
  const missing = gaps(signal)
  if (missing !== null) return undecided(missing, GAUGE_RULE)
  if (last > floor) return undecided(`${above}, but only after the last of ${cycles} cycles`, GAUGE_RULE)
  if (last > smallest)
    return undecided(`it ended at ${shown(last)}, and ${shown(smallest)} were seen in between`, GAUGE_RULE)
  const late = seen.filter((value) => value > floor).length
  const but = late === 0 ? '' : `, though in ${late} of them not yet when the wait was over`
  return clean(`back at ${shown(last)} after ${cycles} cycles${but}`, GAUGE_RULE, signal)
}

const finite = (value: number | null): number | null => (Number.isFinite(value) ? value : null)

/** What is left after all cycles, as that of one connection: counts have no noise. */
function growthOf(left: number, { samples, connectionsPerCycle }: MeasuredSignal): Growth {
  const slope = left / (samples.length * connectionsPerCycle)
  return { slope, low: slope, high: slope, confidence: 1 }
}

/** One unit left behind by all connections together would have been seen. */
const clean = (why: string, rule: string, signal: MeasuredSignal): SignalVerdict => ({
  verdict: 'clean',
  why,
  rule,
  perConnection: null,
  power: growthOf(1, signal).slope,
})
