import { describe, expect, test } from 'vitest'

import type { SignalSeries } from '../../../harness/leaks/exact-signals.ts'
import { judgeExact } from '../../../harness/leaks/exact-signals.ts'

const series = (baseline: number | null, samples: (number | null)[], exact = true): SignalSeries => ({
  name: 'sockets',
  unit: 'count',
  baseline,
  samples,
  exact,
})
const CONNECTIONS = 50
const verdictOf = (...all: SignalSeries[]) => judgeExact(all, CONNECTIONS).verdict
const signalOf = (one: SignalSeries) => judgeExact([one], CONNECTIONS).signals[0]

describe('one signal', () => {
  test('back at its start is clean, whatever it was in between', () => {
    expect(signalOf(series(3, [9, 4, 3]))).toMatchObject({ verdict: 'clean', why: 'back at 3 after 3 cycles' })
  })

  test('one too many is a leak, with what that is of each connection', () => {
    expect(signalOf(series(3, [4, 4]))).toMatchObject({
      verdict: 'leak',
      why: '1 more than at the start after 2 cycles of 50 connections (0.010 each)',
    })
  })

  test('fewer than at the start proves nothing', () => {
    expect(signalOf(series(3, [3, 2]))).toMatchObject({ verdict: 'undecided' })
  })

  test.each([
    ['no start', series(null, [3])],
    ['no last sample', series(3, [3, null])],
    ['no cycle', series(3, [])],
  ])('with %s is undecided', (_what, one) => {
    expect(signalOf(one)).toMatchObject({ verdict: 'undecided' })
  })

  test('bytes are shown and not judged', () => {
    expect(signalOf(series(3, [900], false))).toMatchObject({ verdict: 'informative', samples: [900] })
  })
})

describe('all signals together', () => {
  const clean = series(3, [3])
  const leak = series(3, [4])
  const unknown = series(null, [null])
  const bytes = series(1, [9], false)
  test.each([
    ['clean when all judged ones are', 'clean', [clean, clean, bytes]],
    ['a leak when one is, whatever is not known', 'leak', [clean, unknown, leak]],
    ['undecided when one is not known', 'undecided', [clean, unknown]],
    ['undecided when nothing was judged', 'undecided', [bytes]],
    ['undecided when there is nothing at all', 'undecided', []],
  ])('%s', (_what, verdict, all) => {
    expect(verdictOf(...all)).toBe(verdict)
  })

  test('tell how much was tried', () => {
    expect(judgeExact([series(3, [3, 3, 3])], CONNECTIONS)).toMatchObject({ cycles: 3, connectionsPerCycle: 50 })
  })
})
