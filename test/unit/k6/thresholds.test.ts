import { expect, test } from 'vitest'

import { parseThresholds } from '../../../harness/k6/thresholds.ts'

/** Values as `--summary-export` of k6 v1.8.1 has them. */
const summary = (metrics: Record<string, unknown>) => JSON.stringify({ root_group: {}, metrics })
const verdictOf = (metric: Record<string, unknown>) =>
  parseThresholds(summary({ it: { ...metric, thresholds: { 'x<1': false } } }))[0]?.ok

test('true in the file means crossed', () => {
  const iterations = { count: 4, rate: 19.9, thresholds: { 'count>0': false, 'count>100': true } }
  expect(parseThresholds(summary({ iterations, vus: { value: 1, min: 1, max: 1 } }))).toEqual([
    { metric: 'iterations', expression: 'count>0', ok: true },
    { metric: 'iterations', expression: 'count>100', ok: false },
  ])
})

test('a threshold that holds because nothing came is not known to hold', () => {
  expect(verdictOf({ avg: 0, min: 0, med: 0, max: 0, 'p(90)': 0 })).toBeNull()
  expect(verdictOf({ avg: 0.1, min: 0, med: 0, max: 1, 'p(90)': 0 })).toBe(true)
  expect(verdictOf({ passes: 0, fails: 0, value: 0 })).toBeNull()
  expect(verdictOf({ passes: 0, fails: 3, value: 0 })).toBe(true)
})

test('none is a number for counters and gauges', () => {
  expect(verdictOf({ count: 0, rate: 0 })).toBe(true)
  expect(verdictOf({ value: 0, min: 0, max: 0 })).toBe(true)
})

test('one that was crossed is crossed, samples or not', () => {
  const crossed = { avg: 0, max: 0, thresholds: { 'avg>1': true } }
  expect(parseThresholds(summary({ crossed }))).toEqual([{ metric: 'crossed', expression: 'avg>1', ok: false }])
})

test('a summary without metrics has none', () => {
  expect(parseThresholds('{}')).toEqual([])
})
