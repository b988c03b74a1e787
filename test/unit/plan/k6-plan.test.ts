import { describe, expect, test } from 'vitest'

import { UsageError } from '../../../harness/model/exit-codes.ts'
import type { K6Input } from '../../../harness/plan/k6-plan.ts'
import { k6Plan, k6Request } from '../../../harness/plan/k6-plan.ts'

const input = (changes: Partial<K6Input> = {}): K6Input => ({
  script: 'mine.ts',
  url: null,
  env: [],
  vus: null,
  duration: null,
  further: [],
  acceptInconclusive: [],
  ...changes,
})
const FACTS = { maxVUs: 7, totalDurationUs: 61_500_000 }

function faultsOf(changes: Partial<K6Input>): readonly string[] {
  try {
    k6Request(input(changes), {})
    return []
  } catch (error) {
    if (error instanceof UsageError) return error.faults
    throw error
  }
}

describe('what k6 is started with', () => {
  test('is what was given, in its own words', () => {
    const given = input({
      url: 'http://127.0.0.1/${PLACE}/{stream}',
      env: ['A=1', 'B=x=y\nz', 'EMPTY='],
      vus: '20',
      duration: '1m30s',
      further: ['--tag', 'release=7'],
    })
    expect(k6Request(given, { PLACE: 'events' })).toEqual({
      url: 'http://127.0.0.1/${PLACE}/{stream}',
      env: { SSE_URL: 'http://127.0.0.1/events/{stream}', A: '1', B: 'x=y\nz', EMPTY: '' },
      args: ['--vus', '20', '--duration', '1m30s', '--tag', 'release=7'],
    })
  })

  test('is nothing where nothing was given', () => {
    expect(k6Request(input(), {})).toEqual({ url: null, env: {}, args: [] })
  })

  test('has every fault told at once, and no value that may be a secret', () => {
    const faults = faultsOf({
      url: 'events',
      env: ['s3cret', '1A=s3cret'],
      vus: '0',
      duration: '3',
      acceptInconclusive: ['speed'],
    })
    expect(faults.map((fault) => fault.slice(0, fault.indexOf(':')))).toEqual([
      ...['--env', '--env', '--vus', '--duration', 'target.url', 'acceptInconclusive.0'],
    ])
    expect(faults.join()).not.toContain('s3cret')
    expect(faultsOf({ url: 'http://${NOWHERE}/' })).toEqual([expect.stringContaining('NOWHERE is not set')])
  })

  test('may leave verdicts open, of either generator', () => {
    expect(faultsOf({ acceptInconclusive: ['reconciled', 'k6/no_loss', 'script_completed'] })).toEqual([])
  })
})

describe('the plan of its record', () => {
  test('says what was run', () => {
    const plan = k6Plan(
      input({
        url: 'http://127.0.0.1/',
        duration: '1m',
        env: ['A=1'],
        further: ['-q'],
        acceptInconclusive: ['reconciled'],
      }),
      FACTS,
    )
    expect(plan).toEqual({
      target: { url: 'http://127.0.0.1/' },
      k6: { script: 'mine.ts', env: { A: '1' }, arguments: ['-q'], vus: 7, totalDuration: '61500ms' },
      load: { connections: 7, duration: '1m' },
      thresholds: [],
      seed: 0,
      acceptInconclusive: ['reconciled'],
      redacted: [],
    })
  })

  test('holds no secret, and says where one was', () => {
    const plan = k6Plan(
      input({
        url: 'http://u:s3cret@h/?token=s3cret',
        env: ['API_KEY=s3cret', 'NAME=x', 'HEADERS={"authorization":"s3cret"}'],
        further: ['--env', 'TOKEN=s3cret', '-eTOKEN=s3cret', '--tag', 'a=b'],
      }),
      { ...FACTS, totalDurationUs: null },
    )
    expect(JSON.stringify(plan)).not.toContain('s3cret')
    expect(plan.redacted).toEqual(['target.url', 'k6.env.API_KEY', 'k6.env.HEADERS', 'k6.arguments'])
    expect(plan.k6).toMatchObject({ env: { NAME: 'x' }, totalDuration: null })
    expect(plan.k6.arguments.slice(-2)).toEqual(['--tag', 'a=b'])
  })

  test('knows no target that the script alone knows', () => {
    expect(k6Plan(input(), FACTS).target).toEqual({ url: null })
  })
})
