import { describe, expect, test } from 'vitest'

import { parseFieldSpec, parseStampSpec } from '../../../harness/model/field-spec.ts'

describe('parseFieldSpec', () => {
  test.each([
    ['id', { source: 'id' }],
    ['json:$.seq', { source: 'json', path: ['seq'] }],
    ['json:$.a.b-c', { source: 'json', path: ['a', 'b-c'] }],
    ['json:$.list[0].n', { source: 'json', path: ['list', 0, 'n'] }],
    ['json:$[12]', { source: 'json', path: [12] }],
    ['json:$["odd name"]', { source: 'json', path: ['odd name'] }],
    ['json:$["\\"q\\u0041"].x', { source: 'json', path: ['"qA', 'x'] }],
    ['regex:n=(\\d+)', { source: 'regex', pattern: 'n=(\\d+)' }],
    ['regex:(?:a|b)(?<n>\\d+)', { source: 'regex', pattern: '(?:a|b)(?<n>\\d+)' }],
  ])('%s', (text, spec) => {
    expect(parseFieldSpec(text)).toEqual(spec)
  })

  test.each([
    ['', 'where to look'],
    ['ids', 'where to look'],
    ['json:', 'no JSON path'],
    ['json:$', 'no JSON path'],
    ['json:seq', 'no JSON path'],
    ['json:$.a.', 'no JSON path'],
    ['json:$.a b', 'no JSON path'],
    ['json:$[x]', 'no JSON path'],
    ['json:$["a\\x"]', 'no JSON path'],
    ['regex:\\d+', '0 groups'],
    ['regex:(a)(b)', '2 groups'],
    ['regex:(', 'not valid'],
    ['regex:(a)[', 'not valid'],
  ])('refuses "%s"', (text, why) => {
    const result = parseFieldSpec(text)
    expect(result).toHaveProperty('fault')
    expect((result as { fault: string }).fault).toContain(why)
  })
})

describe('parseStampSpec', () => {
  test.each([
    ['json:$.t:ns', { field: { source: 'json', path: ['t'] }, unit: 'ns' }],
    ['id:ms', { field: { source: 'id' }, unit: 'ms' }],
    ['regex:^(\\d+):us', { field: { source: 'regex', pattern: '^(\\d+)' }, unit: 'us' }],
    ['regex:t:(\\d+):s', { field: { source: 'regex', pattern: 't:(\\d+)' }, unit: 's' }],
  ])('%s', (text, spec) => {
    expect(parseStampSpec(text)).toEqual(spec)
  })

  test.each([
    ['id', 'no unit'],
    ['json:$.t', 'no unit'],
    ['json:$.t:m', 'no unit'],
    ['nothing:ms', 'where to look'],
    ['regex:(:ms', 'not valid'],
  ])('refuses "%s"', (text, why) => {
    expect((parseStampSpec(text) as { fault: string }).fault).toContain(why)
  })
})
