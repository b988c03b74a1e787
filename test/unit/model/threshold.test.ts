import { describe, expect, test } from 'vitest'

import { METRICS } from '../../../harness/model/metric.ts'
import { compare, parseThreshold } from '../../../harness/model/threshold.ts'

describe('parseThreshold', () => {
  test.each([
    ['sse_delivery_latency: p(99)<50ms', { fn: 'p', quantile: 0.99 }, '<', 50_000],
    ['sse_delivery_latency: p(99.9) <= 1.5s', { fn: 'p', quantile: 0.999 }, '<=', 1_500_000],
    ['sse_staleness:med>2us', { fn: 'med' }, '>', 2],
    ['sse_staleness: min>=1m', { fn: 'min' }, '>=', 60_000_000],
    ['sse_staleness: max==1s', { fn: 'max' }, '==', 1_000_000],
    ['sse_staleness: avg!=1s', { fn: 'avg' }, '!=', 1_000_000],
    ['sse_staleness: count>100', { fn: 'count' }, '>', 100],
    ['sse_events_received: rate>0.5', { fn: 'rate' }, '>', 0.5],
    ['sse_events_lost: count==0', { fn: 'count' }, '==', 0],
    ['sse_reach: value>=0.999', { fn: 'value' }, '>=', 0.999],
    ['harness_cpu: max<-1', { fn: 'max' }, '<', -1],
  ])('%s', (text, aggregate, comparison, limit) => {
    const metric = text.slice(0, text.indexOf(':'))
    expect(parseThreshold(text)).toEqual({ text, metric, aggregate, comparison, limit })
  })

  test('keeps the tags of a metric', () => {
    expect(parseThreshold('sse_stream_duration{reason=clean}: p(50)<1m')).toMatchObject({
      metric: 'sse_stream_duration{reason=clean}',
    })
  })

  test('every metric has a way to be judged', () => {
    for (const [name, { kind }] of Object.entries(METRICS)) {
      const expression = { histogram: 'p(50)<1s', counter: 'count<1', gauge: 'value<1' }[kind]
      expect(parseThreshold(`${name}: ${expression}`), name).not.toHaveProperty('fault')
    }
  })

  test.each([
    ['sse_delivery_latency p(99)<50ms', 'no ":"'],
    ['sse_nothing: p(99)<50ms', 'unknown metric'],
    ['constructor: p(99)<50ms', 'unknown metric'],
    ['sse_staleness: p99<50ms', 'cannot be read'],
    ['sse_staleness: p(99)=50ms', 'cannot be read'],
    ['sse_staleness: p(99)<', 'cannot be read'],
    ['sse_staleness: p(100)<50ms', 'below 100'],
    ['sse_staleness: p(101)<50ms', 'below 100'],
    ['sse_staleness: rate<1', 'has no "rate"'],
    ['sse_staleness: value<1s', 'has no "value"'],
    ['sse_events_lost: p(50)<1', 'has no "p"'],
    ['sse_reach: count>1', 'has no "count"'],
    ['sse_staleness: p(99)<50', 'needs a unit'],
    ['sse_staleness: count<50ms', 'not a plain number'],
    ['sse_reach: value>99%', 'not a plain number'],
  ])('refuses "%s"', (text, why) => {
    const result = parseThreshold(text)
    expect(result).toHaveProperty('fault')
    expect((result as { fault: string }).fault).toContain(why)
  })
})

test.each([
  ['<', [true, false, false]],
  ['<=', [true, true, false]],
  ['>', [false, false, true]],
  ['>=', [false, true, true]],
  ['==', [false, true, false]],
  ['!=', [true, false, true]],
] as const)('%s of 1, 2 and 3 with 2', (comparison, expected) => {
  expect([1, 2, 3].map((actual) => compare(actual, comparison, 2))).toEqual(expected)
})
