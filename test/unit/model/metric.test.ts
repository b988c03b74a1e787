import fc from 'fast-check'
import { expect, test } from 'vitest'

import { COUNTER_NAMES, METRICS, parseMetricKey } from '../../../harness/model/metric.ts'

test.each([
  ['sse_reach', { name: 'sse_reach', tags: {} }],
  ['sse_stream_duration{reason=clean}', { name: 'sse_stream_duration', tags: { reason: 'clean' } }],
  ['a{b=1,c=2}', { name: 'a', tags: { b: '1', c: '2' } }],
  ['a{ b = 1 , c=2 }', { name: 'a', tags: { b: '1', c: '2' } }],
  ['a{b=c=d}', { name: 'a', tags: { b: 'c=d' } }],
  ['a{b=}', { name: 'a', tags: { b: '' } }],
  ['a{}', { name: 'a', tags: {} }],
  ['', { name: '', tags: {} }],
  ['a{b=1', { name: 'a{b=1', tags: {} }],
])('%s', (key, parsed) => {
  expect(parseMetricKey(key)).toEqual(parsed)
})

test('any key has a name, and what was written as name and tags is read as such', () => {
  fc.assert(fc.property(fc.string(), (key) => typeof parseMetricKey(key).name === 'string'))
  const word = fc.stringMatching(/^[a-z_]{1,12}$/)
  fc.assert(
    fc.property(word, fc.dictionary(word, word, { minKeys: 1, maxKeys: 4, noNullPrototype: true }), (name, tags) => {
      const pairs = Object.entries(tags).map(([tag, value]) => `${tag}=${value}`)
      expect(parseMetricKey(`${name}{${pairs.join(',')}}`)).toEqual({ name, tags })
    }),
  )
})

test('counters are those that the table calls so', () => {
  const counted = Object.entries(METRICS).filter(([, { kind }]) => kind === 'counter')
  expect(COUNTER_NAMES).toEqual(counted.map(([name]) => name))
})
