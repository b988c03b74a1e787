import type { HistogramMetric, Metrics, Verdict } from '../model/record.ts'
import type { Microseconds } from '../model/units.ts'
import { formatCount, formatDuration, US_PER_MS, US_PER_SECOND } from '../model/units.ts'
import { FURTHER_VERDICTS } from '../model/verdicts.ts'
import type { CollectedPhase } from './collector.ts'

const RATE_SHARE = 0.05
const NEAR: Microseconds = US_PER_MS
const P99_FACTOR = 2
/**
 * Bursts that a tail has to have before it is compared. One stall of the machine hits every channel at once and so counts
 * many times over; in a short run it alone is the tail, and the two runs are not at the same time.
 */
const TAIL_BURSTS = 10_000

/** What one generator saw of a steady load; null is what it cannot tell. */
export interface SteadyFigures {
  /** Events per stream and second of open time. */
  rate: number | null
  delivery: Pick<HistogramMetric, 'independent' | 'p50' | 'p99' | 'clientBound' | 'lowerBounds'> | null
  /** 99th percentile from sent to received: delivery without the server's own lateness. */
  transit: Microseconds | null
  isVoid: boolean
}

/** `phases`: the steady ones; `metrics`: those of these phases. */
export function steadyFigures(phases: readonly CollectedPhase[], metrics: Metrics, isVoid: boolean): SteadyFigures {
  const openTime = phases.reduce((sum, phase) => sum + phase.openTime, 0)
  const events = phases.reduce((sum, phase) => sum + phase.set.counters.sse_events_received, 0)
  const delivery = metrics['sse_delivery_latency']
  const transit = metrics['sse_transit_latency']
  return {
    rate: openTime > 0 ? (events * US_PER_SECOND) / openTime : null,
    delivery: delivery?.kind === 'histogram' ? delivery : null,
    transit: transit?.kind === 'histogram' ? transit.p99 : null,
    isVoid,
  }
}

/** One figure of both; `why` is set when it cannot be compared. */
interface Part {
  text: string
  agrees: boolean | null
  why: string
}

/**
 * Two clients that share no code see the same server at the same load: what they agree on, neither has made up. Latency
 * is compared in milliseconds, because each has its own way from the socket to its clock.
 */
export function generatorsAgree(node: SteadyFigures, k6: SteadyFigures): Verdict {
  const parts = [ratePart(node, k6), percentilePart('p50', node, k6), percentilePart('p99', node, k6)]
  const differing = parts.filter(({ agrees }) => agrees === false)
  const unjudged = parts.filter(({ agrees }) => agrees === null)
  const isVoid = node.isVoid || k6.isVoid
  const isOpen = isVoid || unjudged.length === parts.length
  const notes = [...differing, ...unjudged].map(({ why }) => why)
  if (isVoid) notes.unshift('a generator was not in a state to measure, so nothing follows from its figures')
  return {
    name: 'generators_agree',
    status: isOpen ? 'inconclusive' : differing.length > 0 ? 'fail' : 'pass',
    expected: FURTHER_VERDICTS.generators_agree,
    actual: parts.map(({ text }) => text).join('; '),
    why: notes.length === 0 ? 'every figure was compared' : notes.join('; '),
  }
}

function ratePart(node: SteadyFigures, k6: SteadyFigures): Part {
  const name = 'events per stream and second'
  const show = (rate: number | null) => (rate === null ? 'unknown' : rate.toFixed(2))
  const text = `${name}: node ${show(node.rate)}, k6 ${show(k6.rate)}`
  if (node.rate === null || k6.rate === null)
    return { text, agrees: null, why: `${name} not compared: ${lacks(node.rate, k6.rate)}` }
  const most = Math.max(node.rate, k6.rate)
  if (most === 0) return { text, agrees: null, why: `${name} not compared: no event came` }
  const agrees = Math.abs(node.rate - k6.rate) <= RATE_SHARE * most
  return { text, agrees, why: `${name} differ by more than ${RATE_SHARE * 100} %` }
}

function percentilePart(quantile: 'p50' | 'p99', node: SteadyFigures, k6: SteadyFigures): Part {
  const name = `${quantile} of delivery`
  const [ours, theirs] = [node.delivery?.[quantile] ?? null, k6.delivery?.[quantile] ?? null]
  const show = (value: number | null) => (value === null ? 'unknown' : formatDuration(value))
  const text = `${name}: node ${show(ours)}, k6 ${show(theirs)}`
  if (ours === null || theirs === null)
    return { text, agrees: null, why: `${name} not compared: ${lacks(ours, theirs)}` }
  const bound = boundOf(quantile, node, k6)
  if (bound !== null) return { text, agrees: null, why: `${name} not compared: ${bound}` }
  if (quantile === 'p50')
    return { text, agrees: isNear(ours, theirs), why: `${name} differs by more than ${formatDuration(NEAR)}` }
  if (tailsAgree(ours, theirs)) return { text, agrees: true, why: '' }
  const bursts = Math.min(node.delivery?.independent ?? 0, k6.delivery?.independent ?? 0)
  if (bursts < TAIL_BURSTS) {
    const why = `${name} not compared: ${formatCount(bursts)} bursts are too few for a tail, it needs ${formatCount(TAIL_BURSTS)}`
    return { text, agrees: null, why }
  }
  // One after the other they saw the server at two times. A tail that the way to the client does not have is the server's.
  if (node.transit !== null && k6.transit !== null && tailsAgree(node.transit, k6.transit)) {
    const ways = `node ${formatDuration(node.transit)}, k6 ${formatDuration(k6.transit)}`
    return {
      text,
      agrees: null,
      why: `${name} not compared: the server itself was late in one of them (transit: ${ways})`,
    }
  }
  const why = `${name} differs by more than ${formatDuration(NEAR)} and a factor of ${P99_FACTOR}`
  return { text, agrees: false, why }
}

const isNear = (a: Microseconds, b: Microseconds): boolean => Math.abs(a - b) <= NEAR
const tailsAgree = (a: Microseconds, b: Microseconds): boolean =>
  isNear(a, b) || Math.max(a, b) <= P99_FACTOR * Math.min(a, b)

const lacks = (node: number | null, k6: number | null): string =>
  node === null && k6 === null ? 'neither can tell' : `${node === null ? 'node' : 'k6'} cannot tell`

/** Why a percentile that both have says nothing of the server. */
function boundOf(quantile: 'p50' | 'p99', node: SteadyFigures, k6: SteadyFigures): string | null {
  const named = (key: 'clientBound' | 'lowerBounds'): string =>
    [
      node.delivery?.[key].includes(quantile) === true ? 'node' : '',
      k6.delivery?.[key].includes(quantile) === true ? 'k6' : '',
    ]
      .filter((name) => name !== '')
      .join(' and ')
  const client = named('clientBound')
  if (client !== '') return `client-bound in ${client}`
  const lower = named('lowerBounds')
  return lower === '' ? null : `only known to be at least that in ${lower}`
}
