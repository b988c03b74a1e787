import { readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, test } from 'vitest'

import { cleanMessage, K6Log } from '../../../harness/k6/log.ts'

/** Written by k6 v1.8.1; only the folder of the scripts is another. */
const RECORDED = readFileSync(path.resolve(import.meta.dirname, '../../fixtures/k6/log.ndjson'), 'utf8')
  .trimEnd()
  .split('\n')

function read(lines: readonly string[]) {
  const output: string[] = []
  const log = new K6Log((line) => output.push(line))
  for (const line of lines) log.line(line)
  return { output, errors: log.errors, exceptions: log.exceptions }
}

const entry = (fields: Record<string, string>) => JSON.stringify({ time: '2026-01-01T00:00:00Z', ...fields })
const thrown = (msg: string) =>
  entry({ level: 'error', msg, scenario: 'default', executor: 'constant-vus', source: 'stacktrace' })

describe('a log as k6 writes it', () => {
  const { output, errors, exceptions } = read(RECORDED)

  test('iterations that threw are counted, async ones and promises without a handler among them', () => {
    expect(exceptions.count).toBe(9)
    expect(exceptions.first).toEqual([
      'Error: one at /scripts/throw.js:4:22',
      'a string',
      'Error: unhandled at /scripts/throw.js:6:33',
      'Error: in timer at /scripts/throw.js:7:43',
      "TypeError: Cannot read property 'x' of undefined at /scripts/throw.js:8:8",
    ])
  })

  test('what is no iteration is an error of its own', () => {
    expect(errors).toEqual([
      'Error: in summary at /scripts/throw2.js:13:41',
      'Error: in teardown at /scripts/throw2.js:12:36',
      'test marked as failed: bad',
      'test run was marked as failed',
      '/scripts/syntax.js:3:1: Unexpected token } (and 1 more errors)',
      expect.stringContaining('unknown modules ["k6/x/sse"]'),
    ])
  })

  test('what the script prints comes as text, with its level unless that is the usual one', () => {
    expect(output).toEqual([
      'warning: Request Failed: Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused',
      'hello { a: 1 }',
      'warning: careful',
      'error: not good',
    ])
  })
})

test('five exceptions that differ are kept, and all are counted', () => {
  const { exceptions } = read([1, 1, 2, 3, 4, 5, 6, 7].map((number) => thrown(`Error: ${number}`)))
  expect(exceptions).toEqual({ count: 8, first: [1, 2, 3, 4, 5].map((number) => `Error: ${number}`) })
})

test('an error of the executor itself is no exception', () => {
  const fields = { level: 'error', scenario: 'default', executor: 'ramping-arrival-rate' }
  const { exceptions, errors } = read([
    entry({ ...fields, msg: 'Error while allocating unplanned VU', error: 'no memory' }),
  ])
  expect(exceptions.count).toBe(0)
  expect(errors).toEqual(['Error while allocating unplanned VU: no memory'])
})

test('what dies in plain text says so, and no more of it is kept than anyone reads', () => {
  const { errors } = read([
    'Flag --no-summary has been deprecated, use --summary-mode=disabled instead',
    'fatal error: all goroutines are asleep - deadlock!',
    ...Array.from({ length: 100 }, (_, index) => `goroutine ${index}`),
  ])
  expect(errors).toHaveLength(20)
  expect(errors[0]).toBe('fatal error: all goroutines are asleep - deadlock!')
})

test('an error from before k6 knew the format is read too', () => {
  const { errors } = read(['time="2026-01-01T00:00:00Z" level=error msg="unknown flag: --bo\\"gus"'])
  expect(errors).toEqual(['unknown flag: --bo"gus'])
})

test('a message is one line with the file and line that a person can open', () => {
  const native = 'GoError: failing\n\tat go.k6.io/k6/x.Fail-fm (native)\n\tat run (file:///a%20b/s.js:8:20(26))\n'
  expect(cleanMessage(native)).toBe('failing at /a b/s.js:8:20')
  expect(cleanMessage('Error: two\nlines\n\tat file:///s.js:1:2(3)\n')).toBe('Error: two lines at /s.js:1:2')
  expect(cleanMessage('test aborted: enough at default (file:///s.js:2:45(6))')).toBe(
    'test aborted: enough at default (/s.js:2:45)',
  )
})
