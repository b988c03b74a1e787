import { describe, expect, test } from 'vitest'

import { Counts } from '../../../harness/histogram/counts.ts'
import { summarise } from '../../../harness/histogram/summary.ts'
import type { HistogramMetric, Metric, Metrics, QuantileName } from '../../../harness/model/record.ts'
import { thresholdVerdicts } from '../../../harness/run/threshold-verdicts.ts'

const MS = 1000
const HOUR = 3_600_000_000

interface Shape {
  /** Milliseconds; 1 to 1000 of each one sample when absent. */
  values?: readonly number[]
  open?: readonly number[]
  independent?: number
  clientBound?: QuantileName[]
}

const counted = (milliseconds: readonly number[]) => {
  const counts = new Counts(HOUR)
  for (const value of milliseconds) counts.record(value * MS)
  return counts
}

function histogram({ values, open, independent, clientBound }: Shape = {}): HistogramMetric {
  const exact = values ?? Array.from({ length: 1000 }, (_, index) => index + 1)
  const samples = exact.length + (open?.length ?? 0)
  return summarise(counted(exact), open === undefined ? null : counted(open), independent ?? samples, clientBound)
}

function judge(text: string, metrics: Metrics, seconds = 10) {
  const [verdict, ...more] = thresholdVerdicts([text], metrics, seconds)
  if (verdict === undefined || more.length > 0) throw new Error('one threshold has one verdict')
  return verdict
}
const ofLatency = (expression: string, shape?: Shape) =>
  judge(`sse_delivery_latency: ${expression}`, { sse_delivery_latency: histogram(shape) })

test('one verdict each, in order, named as written', () => {
  const texts = ['sse_events_lost: count==0', 'sse_reach: value>=0.9']
  const verdicts = thresholdVerdicts(texts, { sse_events_lost: { kind: 'counter', value: 0 } }, 1)
  expect(verdicts.map(({ name, status }) => [name, status])).toEqual([
    ['sse_events_lost: count==0', 'pass'],
    ['sse_reach: value>=0.9', 'inconclusive'],
  ])
})

test('a threshold that should never have come this far is a bug', () => {
  expect(() => thresholdVerdicts(['sse_nothing: count==0'], {}, 1)).toThrow(/passed validation/)
})

describe('of durations', () => {
  test.each([
    ['p(50)<501ms', 'pass', '500 ms'],
    ['p(50)<500ms', 'fail', '500 ms'],
    ['p(90)<=901ms', 'pass', '900 ms'],
    ['p(90)<899ms', 'fail', '900 ms'],
    ['p(99)<991ms', 'pass', '990 ms'],
    ['p(99)>1s', 'fail', '990 ms'],
    ['med<501ms', 'pass', '500 ms'],
    ['med>501ms', 'fail', '500 ms'],
    ['avg<501ms', 'pass', '501 ms'],
    ['avg<500ms', 'fail', '501 ms'],
    ['min>=1ms', 'pass', '1.00 ms'],
    ['min>1ms', 'fail', '1.00 ms'],
    ['max<=1s', 'pass', '1.00 s'],
    ['max<1s', 'fail', '1.00 s'],
    ['count==1000', 'pass', '1,000'],
    ['count<1000', 'fail', '1,000'],
  ])('%s: %s', (expression, status, actual) => {
    expect(ofLatency(expression)).toMatchObject({ status, actual })
  })

  test('what is expected is printed with its unit', () => {
    expect(ofLatency('p(99)<50ms').expected).toBe('< 50.0 ms')
    expect(ofLatency('count>=100').expected).toBe('>= 100')
  })
})

describe('missing data never passes', () => {
  test('a metric that the run does not have', () => {
    expect(judge('sse_delivery_latency: p(99)<50ms', {})).toMatchObject({
      status: 'inconclusive',
      actual: 'absent',
      why: 'this run has no sse_delivery_latency',
    })
  })

  test('other tags are another metric', () => {
    const metrics = { 'sse_stream_duration{reason=reset}': histogram() }
    expect(judge('sse_stream_duration{reason=clean}: max<1h', metrics).status).toBe('inconclusive')
    expect(judge('sse_stream_duration{reason=reset}: max<1h', metrics).status).toBe('pass')
  })

  test.each(['min>=0us', 'max<1h', 'avg<1h', 'med<1h', 'p(99)<1h'])('%s of no samples', (expression) => {
    expect(ofLatency(expression, { values: [] }).status).toBe('inconclusive')
  })

  test.each([
    ['sse_reach: value>=0', { kind: 'gauge', last: null, min: null, max: null }],
    ['sse_reach: min>=0', { kind: 'gauge', last: 1, min: null, max: 1 }],
    ['sse_reach: max>=0', { kind: 'gauge', last: 1, min: 1, max: null }],
  ] as const)('%s of a gauge without one', (text, metric) => {
    expect(judge(text, { sse_reach: metric })).toMatchObject({ status: 'inconclusive', actual: 'no samples' })
  })

  test('a rate over no time', () => {
    const metrics: Metrics = { sse_events_received: { kind: 'counter', value: 5 } }
    expect(judge('sse_events_received: rate>1', metrics, 0).status).toBe('inconclusive')
    expect(judge('sse_events_received: rate<1', { sse_events_received: { kind: 'counter', value: 0 } }, 0).status).toBe(
      'inconclusive',
    )
  })
})

describe('too few independent samples', () => {
  test.each([
    ['med<1h', 19, '20'],
    ['p(90)<1h', 99, '100'],
    ['p(99)<1h', 999, '1,000'],
    ['p(99.9)<1h', 1000, '10,000'],
  ])('%s of %d says how many it needs', (expression, independent, needed) => {
    const verdict = ofLatency(expression, { independent })
    expect(verdict).toMatchObject({ status: 'inconclusive', actual: 'unknown' })
    expect(verdict.why).toContain(`needs ${needed} independent samples and has ${independent.toLocaleString('en-US')};`)
  })

  test.each([
    ['med<1h', 20],
    ['p(90)<1h', 100],
    ['p(99)<1h', 1000],
  ])('%s of %d is enough', (expression, independent) => {
    expect(ofLatency(expression, { independent }).status).toBe('pass')
  })

  test('what is no percentile needs none', () => {
    expect(ofLatency('max<=1s', { independent: 1 }).status).toBe('pass')
  })
})

describe('of samples that were still open at the end', () => {
  // A fifth of all is known only to be at least two seconds.
  const shape: Shape = {
    values: Array.from({ length: 800 }, (_, index) => index + 1),
    open: Array.from({ length: 200 }, () => 2000),
  }
  test.each([
    ['p(90)<1h', 'fail'],
    ['p(90)<=1h', 'fail'],
    ['p(90)!=1h', 'fail'],
    ['p(90)==2s', 'fail'],
    ['p(90)>=2s', 'pass'],
    ['p(90)>1s', 'pass'],
    ['p(90)>3s', 'fail'],
    ['max<1h', 'fail'],
    ['max>=2s', 'pass'],
    ['avg<1h', 'fail'],
    ['avg>500ms', 'pass'],
  ])('%s: %s', (expression, status) => {
    const verdict = ofLatency(expression, shape)
    expect(verdict.status).toBe(status)
    expect(verdict.actual).toMatch(/^>= /)
    expect(verdict.why).toContain('still open')
  })

  test.each(['p(50)<1s', 'min<1s'])('%s is not among them', (expression) => {
    expect(ofLatency(expression, shape)).toMatchObject({ status: 'pass', why: 'from the recorded samples' })
  })
})

describe('a percentile that may be the own queueing of the harness', () => {
  const why = expect.stringContaining('client-bound')
  test.each(['p(99)<1h', 'p(99)<1us', 'p(99)>=1us'])('%s is inconclusive', (expression) => {
    expect(ofLatency(expression, { clientBound: ['p99'] })).toMatchObject({ status: 'inconclusive', why })
  })

  test('the median is p50', () => {
    expect(ofLatency('med<1h', { clientBound: ['p50'] })).toMatchObject({ status: 'inconclusive', why })
  })

  test('p(99.9) is p999', () => {
    const values = Array.from({ length: 10_000 }, (_, index) => index + 1)
    expect(ofLatency('p(99.9)<1h', { values, clientBound: ['p999'] })).toMatchObject({ status: 'inconclusive', why })
  })

  test.each(['p(97)<1h', 'p(98.9)<1h'])('%s has its neighbours in doubt', (expression) => {
    expect(ofLatency(expression, { clientBound: ['p99'] })).toMatchObject({ status: 'inconclusive', why })
    expect(ofLatency(expression, { clientBound: ['p95'] })).toMatchObject({ status: 'inconclusive', why })
    expect(ofLatency(expression, { clientBound: ['p90'] }).status).toBe('pass')
  })

  test('others are judged', () => {
    expect(ofLatency('p(90)<1h', { clientBound: ['p99'] }).status).toBe('pass')
  })
})

describe('of counts', () => {
  const counter = (value: number): Metric => ({ kind: 'counter', value })
  const gauge: Metric = { kind: 'gauge', last: 0.9996, min: 0.5, max: 1 }
  test.each([
    ['sse_events_lost: count==0', counter(0), 'pass', '== 0', '0'],
    ['sse_events_lost: count==0', counter(1), 'fail', '== 0', '1'],
    ['sse_events_received: count>=1204330', counter(1_204_330), 'pass', '>= 1,204,330', '1,204,330'],
    // Over ten seconds.
    ['sse_events_received: rate>=100', counter(1000), 'pass', '>= 100', '100'],
    ['sse_events_received: rate>100', counter(1000), 'fail', '> 100', '100'],
    ['sse_reach: value>=0.9996', gauge, 'pass', '>= 0.9996', '0.9996'],
    ['sse_reach: value>=0.9999', gauge, 'fail', '>= 0.9999', '0.9996'],
    ['sse_reach: min>=0.9', gauge, 'fail', '>= 0.9', '0.5'],
    ['sse_reach: max<=1', gauge, 'pass', '<= 1', '1'],
  ] as const)('%s', (text, metric, status, expected, actual) => {
    const name = text.slice(0, text.indexOf(':'))
    expect(judge(text, { [name]: metric })).toMatchObject({ status, expected, actual })
  })
})
