import { mannKendall } from '../statistics/mann-kendall.ts'
import { median } from '../statistics/median.ts'
import { theilSen } from '../statistics/theil-sen.ts'
import type { MeasuredSignal, Reading, SignalVerdict } from './signal.ts'
import { gaps, growthPer, readingsOf, shown, thirdsOf, tooFew, undecided } from './signal.ts'

/** Two in each third: one straggler does not hide the floor of its third. */
const LEAST_CYCLES = 6
const CONFIDENCE = 0.95
const ALPHA = 0.01
/**
 * Units in each cycle. Whoever leaves something behind for one connection in two does so in every cycle, and so does, with
 * hundreds of connections in each, whoever leaves something for one in a hundred. Half of that leaves room for numbers that
 * flutter. What grows more slowly may be a pool that is still filling, and is left undecided.
 */
const LEAST_RISE = 0.5
const RULE = `a leak when the floor rises in each third of the cycles, by at least ${LEAST_RISE} in each cycle (Theil-Sen), and Mann-Kendall has p below ${ALPHA}; clean when it has stopped to rise`

/** The smallest number of each third, and the middle one of the last two. */
interface Floors {
  first: number
  middle: number
  last: number
  middleMedian: number
  lastMedian: number
  /** Cycles in the last third. */
  size: number
}

/**
 * Descriptors, sockets or threads of any process, which need not come back to where they were. What counts is the floor
 * (smallest number) of each third of the cycles, because a straggler raises no floor.
 *
 * Clean: the floor of the last third is not above the middle of the third before, or the number rose once and then stayed for
 * the whole last third, as with a pool that is filled. The power is the rise over a third that the flutter of the middle one
 * could not hide: without flutter, one unit.
 *
 * Leak: the floor rises from third to third, Theil-Sen has at least half a unit in each cycle, and Mann-Kendall has it that
 * this order is not of chance. Anything between is undecided.
 */
export function judgeCount(signal: MeasuredSignal): SignalVerdict {
  const few = tooFew(signal, LEAST_CYCLES)
  if (few !== null) return undecided(few, RULE)
  const readings = readingsOf(signal)
  const floors = floorsOf(readings)
  const slope = theilSen(readings, CONFIDENCE)
  const growth = growthPer(slope, signal.connectionsPerCycle, CONFIDENCE)
  const story = `floors of ${shown(floors.first)}, ${shown(floors.middle)} and ${shown(floors.last)} in the thirds of ${signal.samples.length} cycles`
  if (hasStopped(floors)) {
    const missing = gaps(signal)
    if (missing !== null) return undecided(missing, RULE, growth)
    const hidden = floors.middleMedian - floors.middle + 1
    const power = hidden / (floors.size * signal.connectionsPerCycle)
    return { verdict: 'clean', why: `it does not go on growing: ${story}`, rule: RULE, perConnection: growth, power }
  }
  const perCycle = slope?.value ?? NaN
  const p = mannKendall(readings.map(({ y }) => y))?.p.rising ?? NaN
  const rises = floors.first < floors.middle && floors.middle < floors.last
  if (rises && perCycle >= LEAST_RISE && p < ALPHA) {
    const why = `it grows by ${shown(perCycle)} in each cycle of ${signal.connectionsPerCycle} connections: ${story}`
    return { verdict: 'leak', why, rule: RULE, perConnection: growth, power: null }
  }
  return undecided(`it grew, but not steadily enough to call it a leak: ${story}, p ${shown(p)}`, RULE, growth)
}

function floorsOf(readings: readonly Reading[]): Floors {
  const [first, middle, last] = thirdsOf(readings).map((third) => third.map(({ y }) => y))
  const least = (values: number[] | undefined) => Math.min(...(values ?? []))
  return {
    first: least(first),
    middle: least(middle),
    last: least(last),
    middleMedian: median(middle ?? []),
    lastMedian: median(last ?? []),
    size: last?.length ?? 0,
  }
}

function hasStopped({ first, middle, last, middleMedian, lastMedian }: Floors): boolean {
  const roseOnce = middle <= first && lastMedian === last
  return last <= middleMedian || roseOnce
}
