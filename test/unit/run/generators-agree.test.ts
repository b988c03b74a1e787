import { describe, expect, test } from 'vitest'

import { HistogramSet } from '../../../harness/measure/histogram-set.ts'
import type { CollectedPhase } from '../../../harness/run/collector.ts'
import type { SteadyFigures } from '../../../harness/run/generators-agree.ts'
import { generatorsAgree, steadyFigures } from '../../../harness/run/generators-agree.ts'

const MS = 1000
const SECOND = 1_000_000

interface Seen {
  rate?: number | null
  p50?: number | null
  p99?: number | null
  transit?: number | null
  bursts?: number
  clientBound?: string[]
  lowerBounds?: string[]
  delivery?: null
  isVoid?: boolean
}
/** In milliseconds. */
function figures({
  rate = 10,
  p50 = 1,
  p99 = 4,
  transit = null,
  bursts = 10_000,
  clientBound = [],
  lowerBounds = [],
  isVoid = false,
  delivery,
}: Seen): SteadyFigures {
  const us = (ms: number | null) => (ms === null ? null : ms * MS)
  const percentiles =
    delivery === null ? null : { independent: bursts, p50: us(p50), p99: us(p99), clientBound, lowerBounds }
  return { rate, isVoid, delivery: percentiles, transit: us(transit) }
}
const judged = (node: Seen, k6: Seen) => generatorsAgree(figures(node), figures(k6))

test('what both saw alike agrees, and both numbers are said', () => {
  expect(judged({}, { rate: 9.9, p50: 1.5, p99: 5 })).toMatchObject({
    name: 'generators_agree',
    status: 'pass',
    actual:
      'events per stream and second: node 10.00, k6 9.90; p50 of delivery: node 1.00 ms, k6 1.50 ms; p99 of delivery: node 4.00 ms, k6 5.00 ms',
    why: 'every figure was compared',
  })
})

test("a tail that is the server's own is nobody's disagreement", () => {
  const verdict = judged({ p99: 4, transit: 1 }, { p99: 40, transit: 2 })
  expect(verdict).toMatchObject({ status: 'pass' })
  expect(verdict.why).toBe(
    'p99 of delivery not compared: the server itself was late in one of them (transit: node 1.00 ms, k6 2.00 ms)',
  )
})

test("a tail of few bursts may be one stall, and is nobody's disagreement either", () => {
  const verdict = judged({ p99: 4 }, { p99: 40, bursts: 9999 })
  expect(verdict).toMatchObject({ status: 'pass' })
  expect(verdict.why).toBe('p99 of delivery not compared: 9,999 bursts are too few for a tail, it needs 10,000')
  // Alike they prove as much as they can.
  expect(judged({}, { bursts: 20 }).why).toBe('every figure was compared')
})

test('a tail on the way to one of them is', () => {
  expect(judged({ p99: 4, transit: 1 }, { p99: 40, transit: 37 }).status).toBe('fail')
  expect(judged({ p99: 4, transit: 1 }, { p99: 40 }).status).toBe('fail')
})

const BORDERS: [what: string, node: Seen, agreeing: Seen, differing: Seen, why: string][] = [
  ['events, 5 % fewer', {}, { rate: 9.5 }, { rate: 9.49 }, 'events per stream and second differ by more than 5 %'],
  ['events, 5 % more', { rate: 9.5 }, { rate: 10 }, { rate: 10.01 }, 'events per stream and second differ'],
  ['no events at one', { rate: 0 }, { rate: 0 }, { rate: 1 }, 'events per stream and second differ'],
  ['p50, 1 ms', {}, { p50: 2 }, { p50: 2.001 }, 'p50 of delivery differs by more than 1.00 ms'],
  ['p50, 1 ms below', { p50: 2 }, { p50: 1 }, { p50: 0.999 }, 'p50 of delivery differs'],
  // However large: the median is not judged by its factor.
  ['p50, within a factor', { p50: 100 }, { p50: 101 }, { p50: 102 }, 'p50 of delivery differs'],
  [
    'p99, twice',
    { p99: 10 },
    { p99: 20 },
    { p99: 20.001 },
    'p99 of delivery differs by more than 1.00 ms and a factor of 2',
  ],
  ['p99, half', { p99: 20 }, { p99: 10 }, { p99: 9.999 }, 'p99 of delivery differs'],
  ['p99, 1 ms where that is wider', { p99: 0.1 }, { p99: 1.1 }, { p99: 1.101 }, 'p99 of delivery differs'],
]
describe.each(BORDERS)('%s', (_what, node, agreeing, differing, why) => {
  test('agrees up to the border', () => {
    expect(judged(node, agreeing).status).toBe('pass')
  })

  test('differs beyond it, and says in what', () => {
    const verdict = judged(node, differing)
    expect(verdict.status).toBe('fail')
    expect(verdict.why).toContain(why)
  })
})

const UNJUDGED: [what: string, node: Seen, k6: Seen, why: string][] = [
  [
    'a rate that node cannot tell',
    { rate: null },
    { rate: 3 },
    'events per stream and second not compared: node cannot tell',
  ],
  ['no event at either', { rate: 0 }, { rate: 0 }, 'events per stream and second not compared: no event came'],
  ['a p99 that k6 lacks', { p99: 9000 }, { p99: null }, 'p99 of delivery not compared: k6 cannot tell'],
  ['a p99 that both lack', { p99: null }, { p99: null }, 'p99 of delivery not compared: neither can tell'],
  ['a delivery that k6 lacks', {}, { delivery: null }, 'p50 of delivery not compared: k6 cannot tell'],
  [
    'a client-bound p99',
    { p99: 1 },
    { p99: 9000, clientBound: ['p99'] },
    'p99 of delivery not compared: client-bound in k6',
  ],
  [
    'a client-bound p50',
    { p50: 1, clientBound: ['p50'] },
    { p50: 9000, clientBound: ['p50'] },
    'p50 of delivery not compared: client-bound in node and k6',
  ],
  [
    'a lower bound',
    { p99: 1, lowerBounds: ['p99'] },
    { p99: 9000 },
    'p99 of delivery not compared: only known to be at least that in node',
  ],
]
describe.each(UNJUDGED)('%s', (_what, node, k6, why) => {
  test('is left out and said; the rest still decides', () => {
    const verdict = judged(node, k6)
    expect(verdict.status).toBe('pass')
    expect(verdict.why).toContain(why)
    const other = 'p50' in node || 'delivery' in k6 ? { rate: 99 } : { p50: 99 }
    expect(judged(node, { ...k6, ...other }).status).toBe('fail')
  })
})

describe('nothing is proven', () => {
  test('where nothing can be compared', () => {
    const verdict = judged({ rate: null }, { delivery: null })
    expect(verdict).toMatchObject({ status: 'inconclusive', actual: expect.stringContaining('node unknown, k6 10.00') })
  })

  test.each([
    ['node', { isVoid: true }, { rate: 99 }],
    ['k6', {}, { isVoid: true }],
  ])('where the run of %s is void', (_which, node, k6) => {
    const verdict = judged(node, k6)
    expect(verdict.status).toBe('inconclusive')
    expect(verdict.why).toMatch(/^a generator was not in a state to measure/)
  })
})

describe('the figures of a steady load', () => {
  const phase = (events: number, openTime: number): CollectedPhase => {
    const set = new HistogramSet()
    set.counters.sse_events_received += events
    return { name: '', kind: 'measure', measured: true, start: 0, end: 1, set, openTime, wantedTime: 0, counts: [] }
  }

  test('are per second that a stream was open, whatever their number', () => {
    expect(steadyFigures([phase(300, 20 * SECOND), phase(100, 20 * SECOND)], {}, false)).toEqual({
      rate: 10,
      delivery: null,
      transit: null,
      isVoid: false,
    })
  })

  test('are not known where the open time is not', () => {
    expect(steadyFigures([phase(300, Number.NaN)], {}, false).rate).toBeNull()
    expect(steadyFigures([], {}, false).rate).toBeNull()
  })
})
