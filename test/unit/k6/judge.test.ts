import { describe, expect, test } from 'vitest'

import { judge } from '../../../harness/k6/judge.ts'
import type { K6Outcome } from '../../../harness/k6/outcome.ts'
import { OUTCOME } from '../run/k6-messages.ts'

const NOT_STARTED = { started: false, complete: true }

const statusOf = (outcome: Partial<K6Outcome>, name: string) =>
  judge({ ...OUTCOME, ...outcome }).verdicts.find((verdict) => verdict.name === name)?.status

describe('the kind of an end', () => {
  test.each<[string, Partial<K6Outcome>, string]>([
    ['a run to the end', {}, 'completed'],
    ['crossed thresholds', { exitCode: 99 }, 'completed'],
    ['test.abort()', { exitCode: 108 }, 'completed'],
    ['test.fail()', { exitCode: 110 }, 'completed'],
    ['teardown() threw', { exitCode: 107 }, 'completed'],
    ['teardown() took too long', { exitCode: 101 }, 'completed'],
    ['setup() threw', { exitCode: 107, ...NOT_STARTED }, 'usage'],
    ['setup() took too long', { exitCode: 100, ...NOT_STARTED }, 'usage'],
    ['invalid options', { exitCode: 104, ...NOT_STARTED }, 'usage'],
    ['an unknown flag', { exitCode: 255, ...NOT_STARTED }, 'usage'],
    ['no stream at all', NOT_STARTED, 'completed'],
    ['over the limit', { exitCode: 105, overrun: true }, 'completed'],
    ['over the limit and killed', { exitCode: null, signal: 'SIGKILL', overrun: true, complete: false }, 'fault'],
    ['stopped by us', { exitCode: 105, aborted: true }, 'aborted'],
    [
      'stopped by us before it could listen',
      { exitCode: null, signal: 'SIGINT', aborted: true, complete: false },
      'aborted',
    ],
    ['stopped by somebody else', { exitCode: 105 }, 'aborted'],
    ['a panic', { exitCode: 109 }, 'fault'],
    ['a code that nobody knows', { exitCode: 42 }, 'fault'],
    ['a failure in the midst of it', { exitCode: 255 }, 'fault'],
    ['killed by somebody else', { exitCode: null, signal: 'SIGKILL', complete: false }, 'fault'],
    ['no result', { complete: false }, 'fault'],
  ])('%s', (_, outcome, kind) => {
    expect(judge({ ...OUTCOME, ...outcome }).kind).toBe(kind)
  })

  test('an error of our own output is no fault of the script', () => {
    const errors = ['sse-record: open x: no such file or directory']
    expect(judge({ ...OUTCOME, ...NOT_STARTED, exitCode: 255, errors })).toMatchObject({
      kind: 'fault',
      faults: ['the output of our k6 failed (exit code 255)', ...errors],
    })
  })

  test('of usage, what k6 said is what there is to say', () => {
    const outcome = { ...OUTCOME, ...NOT_STARTED, exitCode: 255 }
    expect(judge({ ...outcome, errors: ['unknown flag: --bogus'] }).faults).toEqual(['unknown flag: --bogus'])
    expect(judge(outcome).faults).toEqual(['k6 refuses the script (exit code 255)'])
  })

  test('what is no run to judge has no verdicts', () => {
    expect(judge({ ...OUTCOME, ...NOT_STARTED, exitCode: 104 }).verdicts).toEqual([])
    expect(judge({ ...OUTCOME, complete: false }).verdicts).toEqual([])
  })
})

describe('the verdicts', () => {
  test('a script that ran to its end without errors passes both', () => {
    expect(judge(OUTCOME).verdicts.map(({ name, status }) => [name, status])).toEqual([
      ['no_script_errors', 'pass'],
      ['script_completed', 'pass'],
    ])
  })

  test('one iteration that threw is enough', () => {
    const exceptions = { count: 1234, first: ['Error: a', 'Error: b'] }
    const verdict = judge({ ...OUTCOME, exceptions }).verdicts[0]
    expect(verdict).toMatchObject({
      name: 'no_script_errors',
      status: 'fail',
      actual: '1,234 iterations threw',
      why: 'Error: a; Error: b',
    })
  })

  test.each([
    ['fail', { exitCode: 108 }],
    ['fail', { exitCode: 110 }],
    ['fail', { exitCode: 107 }],
    ['fail', { exitCode: 105, overrun: true }],
    ['pass', { exitCode: 99 }],
    ['inconclusive', { exitCode: 105, aborted: true }],
  ] as const)('script_completed: %s with %j', (status, outcome) => {
    expect(statusOf(outcome, 'script_completed')).toBe(status)
  })

  test('each threshold has its own, and one without samples does not pass', () => {
    const thresholds = [
      { metric: 'iterations', expression: 'count>0', ok: true },
      { metric: 'iterations', expression: 'count>100', ok: false },
      { metric: 'http_req_duration{status:200}', expression: 'p(99)<5', ok: null },
    ]
    const verdicts = judge({ ...OUTCOME, exitCode: 99, thresholds }).verdicts.slice(2)
    expect(verdicts.map(({ name, status }) => [name, status])).toEqual([
      ['k6 iterations: count>0', 'pass'],
      ['k6 iterations: count>100', 'fail'],
      ['k6 http_req_duration{status:200}: p(99)<5', 'inconclusive'],
    ])
  })
})
