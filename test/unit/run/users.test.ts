import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { RunPlan } from '../../../harness/model/plan.ts'
import { loadPlan } from '../../../harness/plan/load-plan.ts'
import { requestFaults } from '../../../harness/run/request-faults.ts'
import { userUrl } from '../../../harness/run/user-url.ts'
import { assignUsers } from '../../../harness/run/users.ts'

const SECOND = 1_000_000
const START = 1_700_000_000_000_000

function planOf(
  load: Record<string, unknown>,
  mix: Record<string, number> = { steady: 100 },
  url = 'http://h/',
): RunPlan {
  return loadPlan({ target: { url }, load, mix, seed: 1 }, {}).plan
}

describe('assignUsers', () => {
  test('spreads the connections over the ramp, in turn over the workers', () => {
    const { users, total } = assignUsers(planOf({ connections: 4, ramp: '2s' }), 30 * SECOND, 10, START, 2)
    expect(total).toBe(4)
    expect(users).toEqual([
      [
        { stream: 10, dueAt: START, profile: 'steady' },
        { stream: 12, dueAt: START + SECOND, profile: 'steady' },
      ],
      [
        { stream: 11, dueAt: START + SECOND / 2, profile: 'steady' },
        { stream: 13, dueAt: START + 1.5 * SECOND, profile: 'steady' },
      ],
    ])
  })

  test('an arrival rate starts whom is due before the end, whatever the connections', () => {
    const plan = planOf({ connections: 2, arrivalRate: '30/m', streamDuration: '1s' })
    const { users, total } = assignUsers(plan, 10 * SECOND, 0, START, 1)
    expect(total).toBe(5)
    expect(users[0]?.map(({ dueAt }) => dueAt - START)).toEqual([0, 2, 4, 6, 8].map((at) => at * SECOND))
  })

  const mixes = fc.record({ steady: fc.integer({ min: 1, max: 20 }), 'slow-reader': fc.integer({ min: 1, max: 20 }) })
  test('every user once, on one worker, in the order of the due times, with exact shares', () => {
    fc.assert(
      fc.property(mixes, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 4 }), (mix, workers, rounds) => {
        const connections = rounds * (mix.steady + mix['slow-reader'])
        const plan = planOf({ connections, ramp: '3s' }, mix)
        const { users } = assignUsers(plan, SECOND, 5, START, workers)
        const all = users.flat()
        expect(all.map(({ stream }) => stream).toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: connections }, (_, index) => 5 + index),
        )
        expect(all.filter(({ profile }) => profile === 'slow-reader')).toHaveLength(rounds * mix['slow-reader'])
        for (const part of users) {
          expect(Math.abs(part.length - connections / workers)).toBeLessThan(1)
          expect(part.map(({ dueAt }) => dueAt)).toEqual(part.map(({ dueAt }) => dueAt).toSorted((a, b) => a - b))
        }
      }),
      { numRuns: 50 },
    )
  })

  test('the same plan gives the same users, and more workers the same due times', () => {
    const plan = planOf({ connections: 50 }, { steady: 3, 'slow-reader': 2 })
    const on = (workers: number) =>
      assignUsers(plan, SECOND, 0, START, workers)
        .users.flat()
        .toSorted((a, b) => a.stream - b.stream)
    expect(on(1)).toEqual(on(1))
    expect(on(3)).toEqual(on(1))
  })
})

describe('the URL of a user', () => {
  test.each([
    ['http://h/{stream}', 7, 'http://h/7'],
    ['http://h/{stream%4}?n={stream}', 7, 'http://h/3?n=7'],
    ['http://h/{streams}', 7, 'http://h/{streams}'],
  ])('%s for user %d', (template, stream, url) => {
    expect(userUrl(template, stream)).toBe(url)
  })

  test('a division by nothing is refused before the run', () => {
    const faults = requestFaults(planOf({}, undefined, 'http://h/?channel={stream%0}'), {})
    expect(faults).toEqual([expect.stringContaining('{stream%0} would divide by nothing')])
    expect(requestFaults(planOf({}, undefined, 'http://h/?channel={stream%10}'), {})).toEqual([])
  })
})
