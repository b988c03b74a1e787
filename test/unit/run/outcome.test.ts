import { describe, expect, test } from 'vitest'

import { EXIT } from '../../../harness/model/exit-codes.ts'
import type { Verdict } from '../../../harness/model/record.ts'
import type { Findings } from '../../../harness/run/outcome.ts'
import { outcome } from '../../../harness/run/outcome.ts'

const verdict = (name: string, status: Verdict['status']): Verdict => ({
  name,
  status,
  expected: '',
  actual: '',
  why: '',
})
const findings = (changes: Partial<Findings> = {}): Findings => ({
  generatorFault: false,
  aborted: false,
  unreachable: false,
  void: [],
  verdicts: [verdict('no_loss', 'pass')],
  accepted: [],
  ...changes,
})

/** The first that holds decides, so each may meet every one below it. */
const PRECEDENCE = [
  { name: 'error', exitCode: 1, has: { generatorFault: true } },
  { name: 'aborted', exitCode: 3, has: { aborted: true } },
  { name: 'error', exitCode: 4, has: { unreachable: true } },
  { name: 'void', exitCode: 5, has: { void: [{ rule: 'clock_step', actual: '', limit: '', remedy: '' }] } },
  { name: 'fail', exitCode: 99, verdict: verdict('in_order', 'fail') },
  { name: 'inconclusive', exitCode: 5, verdict: verdict('reconciled', 'inconclusive') },
] as const

const ALL_SETS = Array.from({ length: 2 ** PRECEDENCE.length }, (_, bits) =>
  PRECEDENCE.filter((_row, index) => (bits & (1 << index)) !== 0),
)

test.each(ALL_SETS.map((set) => [set.map(({ name }) => name).join(', ') || 'nothing', set] as const))(
  'of %s the first decides',
  (_names, set) => {
    const verdicts = set.flatMap((row) => ('verdict' in row ? [row.verdict] : []))
    const input = findings({
      ...Object.assign({}, ...set.map((row) => ('has' in row ? row.has : {}))),
      verdicts: [verdict('no_loss', 'pass'), ...verdicts],
    })
    const [first] = set
    expect(outcome(input)).toEqual({ status: first?.name ?? 'pass', exitCode: first?.exitCode ?? 0 })
  },
)

test('the exit codes are those of the contract', () => {
  expect(EXIT).toEqual({ pass: 0, ownFault: 1, usage: 2, aborted: 3, unreachable: 4, notProven: 5, failed: 99 })
})

describe('an accepted name', () => {
  const accepted = ['reconciled']
  test('lets that verdict stay open', () => {
    const verdicts = [verdict('reconciled', 'inconclusive')]
    expect(outcome(findings({ verdicts, accepted }))).toEqual({ status: 'pass', exitCode: 0 })
  })

  test('lets no other stay open', () => {
    const verdicts = [verdict('reconciled', 'inconclusive'), verdict('no_leak', 'inconclusive')]
    expect(outcome(findings({ verdicts, accepted }))).toEqual({ status: 'inconclusive', exitCode: 5 })
  })

  test('without a prefix holds for k6 as well, and with one for k6 alone', () => {
    const verdicts = [verdict('reconciled', 'inconclusive'), verdict('k6/reconciled', 'inconclusive')]
    expect(outcome(findings({ verdicts, accepted })).status).toBe('pass')
    expect(outcome(findings({ verdicts, accepted: ['k6/reconciled'] })).status).toBe('inconclusive')
    expect(outcome(findings({ verdicts: verdicts.slice(1), accepted: ['k6/reconciled'] })).status).toBe('pass')
  })

  test('excuses no failure', () => {
    const verdicts = [verdict('reconciled', 'fail')]
    expect(outcome(findings({ verdicts, accepted }))).toEqual({ status: 'fail', exitCode: 99 })
  })
})
