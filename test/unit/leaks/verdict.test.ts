import { describe, expect, test } from 'vitest'

import { judgeSignal, overallVerdict } from '../../../harness/leaks/verdict.ts'
import { CONNECTIONS, measured, series } from './signals.ts'

const KINDS = ['exact', 'count', 'gauge', 'bytes'] as const

describe('exact', () => {
  test('back at its start is clean, and one left by all connections would have been seen', () => {
    expect(judgeSignal(measured('exact', [9, 4, 3]))).toEqual({
      verdict: 'clean',
      why: 'back at 3 after 3 cycles',
      rule: 'it must be back at its start, to the unit, after the last cycle',
      perConnection: null,
      power: 1 / (3 * CONNECTIONS),
    })
  })

  test('one too many is a leak, as much of each connection', () => {
    const slope = 1 / (2 * CONNECTIONS)
    expect(judgeSignal(measured('exact', [4, 4]))).toMatchObject({
      verdict: 'leak',
      perConnection: { slope, low: slope, high: slope, confidence: 1 },
      power: null,
    })
  })

  test.each([
    ['without a start', measured('exact', [3], { baseline: null })],
    ['with a start that is no number', measured('exact', [3], { baseline: NaN })],
    ['with fewer than at the start', measured('exact', [3, 2])],
    ['with a gap, though back at the end', measured('exact', [3, null, 3])],
    ['with a number that is none', measured('exact', [3, NaN])],
    ['without a cycle', measured('exact', [])],
  ])('%s is undecided', (_what, signal) => {
    expect(judgeSignal(signal)).toMatchObject({ verdict: 'undecided', power: null, perConnection: null })
  })
})

describe('gauge of clients', () => {
  test.each([
    ['back at its start', [3, 3, 3], {}],
    ['late once, but back at the end', [3, 8, 3, 3], {}],
    ['late before the end, and back', [3, 8, 8, 3], {}],
    ['back at the smallest seen, without a start', [5, 5, 5], { baseline: null }],
  ])('%s is clean', (_what, samples, rest) => {
    expect(judgeSignal(measured('gauge', samples, rest))).toMatchObject({
      verdict: 'clean',
      power: 1 / (samples.length * CONNECTIONS),
    })
  })

  test('says in how many cycles the wait was over before', () => {
    expect(judgeSignal(measured('gauge', [3, 8, 8, 3])).why).toBe(
      'back at 3 after 4 cycles, though in 2 of them not yet when the wait was over',
    )
  })

  test.each([
    ['that grows', [203, 403, 603], {}, 600],
    ['that stays above its start', [5, 5, 5], {}, 2],
    ['that grows from an unknown start', [200, 400, 600], { baseline: null }, 400],
    ['that grows, with a gap', [203, null, 603, 803], {}, 800],
  ])('%s is a leak', (_what, samples, rest, left) => {
    const slope = left / (samples.length * CONNECTIONS)
    expect(judgeSignal(measured('gauge', samples, rest))).toMatchObject({
      verdict: 'leak',
      perConnection: { slope, low: slope, high: slope, confidence: 1 },
    })
  })

  test.each([
    ['one straggler at the very end', [3, 3, 4], {}, '1 more than its floor of 3, but only after the last of 3 cycles'],
    ['a start that was not at rest', [0, 1, 2], {}, 'it ended at 2, and 0 were seen in between'],
    ['two cycles', [3, 3], {}, '2 cycles are too few to tell: at least 3 are needed'],
    ['a gap', [3, null, 3, 3], {}, 'it could not be read after 1 of 4 cycles'],
    ['no sample', [null, null, null], {}, 'it could not be read after any of 3 cycles'],
    ['too few samples', [3, null, 3], {}, 'it could be read after 2 of 3 cycles only, and at least 3 are needed'],
    ['no cycle', [], {}, 'no cycle was completed, and at least 3 are needed'],
  ])('%s is undecided', (_what, samples, rest, why) => {
    expect(judgeSignal(measured('gauge', samples, rest))).toMatchObject({ verdict: 'undecided', why, power: null })
  })
})

describe('count', () => {
  const N = 15
  const count = (of: (cycle: number) => number, cycles = N) => judgeSignal(measured('count', series(cycles, of)))

  test.each<[string, (cycle: number) => number]>([
    ['always the same', () => 20],
    ['falling', (i) => 40 - i],
    ['a pool that fills in the first cycles', (i) => Math.min(20 + 4 * i, 32)],
    ['a pool that is filled at once in the middle', (i) => (i < 8 ? 20 : 28)],
    ['a pool that is filled as the last third begins', (i) => (i < 10 ? 20 : 28)],
    ['a straggler in the last cycle', (i) => (i === N - 1 ? 31 : 20)],
    ['a straggler in the middle', (i) => (i === 7 ? 31 : 20)],
    ['a straggler in each third', (i) => (i % 5 === 2 ? 31 : 20)],
    ['a saw-tooth', (i) => 20 + (i % 4)],
    ['with a start that was lower', () => 90],
  ])('%s is clean', (_what, of) => {
    expect(count(of)).toMatchObject({ verdict: 'clean' })
  })

  test.each<[string, (cycle: number) => number, number]>([
    ['one in each cycle', (i) => 20 + i, 1 / CONNECTIONS],
    ['one of each connection', (i) => 20 + CONNECTIONS * i, 1],
    ['one of every second connection', (i) => 20 + (CONNECTIONS / 2) * i, 0.5],
    ['one in two cycles', (i) => 20 + Math.ceil(i / 2), 0.5 / CONNECTIONS],
    ['one in each cycle below a straggler', (i) => (i === 6 ? 90 : 20 + i), 1 / CONNECTIONS],
    ['one in each cycle below flutter', (i) => 20 + i + 2 * (i % 2), 1 / CONNECTIONS],
  ])('%s is a leak', (_what, of, slope) => {
    const { verdict, perConnection, why } = count(of)
    expect(verdict, why).toBe('leak')
    expect((perConnection?.slope ?? NaN) / slope).toBeCloseTo(1, 1)
  })

  test('that grows more slowly is neither', () => {
    expect(count((i) => 20 + Math.floor(i / 4))).toMatchObject({ verdict: 'undecided', power: null })
  })

  test('that began to grow late is neither', () => {
    expect(count((i) => 20 + Math.max(0, i - 7))).toMatchObject({ verdict: 'undecided' })
  })

  test('whose order may be of chance is neither', () => {
    const samples = [1, 9, 3, 3, 6, 6]
    expect(count((i) => samples[i] ?? NaN, 6)).toMatchObject({ verdict: 'undecided' })
  })

  test('needs two cycles in each third', () => {
    expect(count((i) => i, 5)).toMatchObject({
      verdict: 'undecided',
      why: '5 cycles are too few to tell: at least 6 are needed',
    })
    expect(count(() => 20, 6)).toMatchObject({ verdict: 'clean', power: 1 / (2 * CONNECTIONS) })
    expect(count((i) => i, 6)).toMatchObject({ verdict: 'leak' })
  })

  test('is not clean with a gap, but a leak all the same', () => {
    const gap = (of: (cycle: number) => number) => series(N, of).map((y, i) => (i === 4 ? null : y))
    expect(
      judgeSignal(
        measured(
          'count',
          gap(() => 20),
        ),
      ),
    ).toMatchObject({ verdict: 'undecided' })
    expect(
      judgeSignal(
        measured(
          'count',
          gap((i) => 20 + i),
        ),
      ),
    ).toMatchObject({ verdict: 'leak' })
  })

  test('states what would have been seen, the more coarsely the more it flutters', () => {
    expect(count(() => 20)).toMatchObject({ power: 1 / (5 * CONNECTIONS) })
    // The middle third has a floor of 20 and a median of 22.
    expect(count((i) => [20, 22, 24][i % 3] ?? NaN)).toMatchObject({ verdict: 'clean', power: 3 / (5 * CONNECTIONS) })
  })
})

describe('any signal', () => {
  test.each(KINDS)('%s without clients is undecided', (kind) => {
    const none = { connectionsPerCycle: 0, baseline: 3 }
    expect(
      judgeSignal(
        measured(
          kind,
          series(20, () => 3),
          none,
        ),
      ),
    ).toMatchObject({ verdict: 'undecided' })
  })

  test.each(KINDS)('%s of which nothing could be read is undecided', (kind) => {
    expect(
      judgeSignal(
        measured(
          kind,
          series(20, () => NaN),
        ),
      ),
    ).toMatchObject({ verdict: 'undecided' })
    expect(judgeSignal(measured(kind, []))).toMatchObject({ verdict: 'undecided' })
  })

  test('a ceiling convicts nobody', () => {
    expect(
      judgeSignal(
        measured(
          'ceiling',
          series(20, (i) => i * 1e6),
        ),
      ),
    ).toMatchObject({ verdict: 'informative' })
  })
})

describe('all signals together', () => {
  const [leak, clean, undecided, informative] = (['leak', 'clean', 'undecided', 'informative'] as const).map(
    (verdict) => ({ verdict }),
  ) as [{ verdict: 'leak' }, { verdict: 'clean' }, { verdict: 'undecided' }, { verdict: 'informative' }]
  test.each([
    ['clean when all judged ones are', 'clean', [clean, clean, informative]],
    ['a leak when one is, whatever is not known', 'leak', [clean, undecided, leak]],
    ['undecided when one is', 'undecided', [clean, undecided]],
    ['undecided when nothing was judged', 'undecided', [informative]],
    ['undecided when there is nothing at all', 'undecided', []],
  ])('%s', (_what, verdict, all) => {
    expect(overallVerdict(all)).toBe(verdict)
  })
})
