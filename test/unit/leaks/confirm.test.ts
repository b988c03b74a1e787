import { describe, expect, test } from 'vitest'

import { confirm } from '../../../harness/leaks/confirm.ts'
import type { SignalKind } from '../../../harness/leaks/signal.ts'
import { CONNECTIONS, flutter, measured, series } from './signals.ts'

const N = 15
const TWICE = { connectionsPerCycle: 2 * CONNECTIONS }
const pair = (kind: SignalKind, first: (cycle: number) => number, second: (cycle: number) => number) =>
  confirm(measured(kind, series(N, first)), measured(kind, series(N, second), TWICE))
const growing = (perCycle: number) => (cycle: number) => flutter(cycle) + perCycle * cycle

describe('bytes at twice the clients', () => {
  test('that scale with the clients are a leak, with the numbers of the second time', () => {
    const found = pair('bytes', growing(40_000), growing(80_000))
    expect(found).toMatchObject({ verdict: 'leak', why: expect.stringMatching(/^confirmed \(/) as string })
    expect((found.perConnection?.slope ?? NaN) / 200).toBeCloseTo(1, 1)
    expect(found.rule).toContain('with 2 times the clients')
  })

  test('that grow with the cycles and not with the clients are undecided', () => {
    expect(pair('bytes', growing(80_000), growing(80_000))).toMatchObject({
      verdict: 'undecided',
      why: expect.stringMatching(/^it does not scale with the clients: with 200 clients .*; with 400 /) as string,
      power: null,
    })
  })

  test('that grew the first time only, as when warming up, are undecided', () => {
    expect(pair('bytes', growing(40_000), flutter)).toMatchObject({
      verdict: 'undecided',
      why: expect.stringMatching(/^not confirmed: /) as string,
      power: null,
    })
  })

  test('that were clean the first time are not a leak', () => {
    expect(pair('bytes', flutter, growing(80_000))).toMatchObject({ verdict: 'undecided' })
  })

  test('that are clean both times are clean, with the finer power', () => {
    const found = pair('bytes', flutter, flutter)
    expect(found.verdict).toBe('clean')
    expect(found.power).toBeGreaterThan(0)
  })

  test('that were undecided are settled by the second time', () => {
    const unsure = (i: number) => flutter(i) + 40_000 * ((i * 7) % 5) + 60 * CONNECTIONS * i
    expect(pair('bytes', unsure, flutter)).toMatchObject({ verdict: 'clean' })
    expect(pair('bytes', unsure, growing(2 * 60 * CONNECTIONS))).toMatchObject({ verdict: 'leak' })
  })

  test('need a first time that points the same way', () => {
    const wild = (i: number) => 5e6 + 400_000 * ((i * 7) % 5)
    expect(pair('bytes', wild, growing(40_000))).toMatchObject({ verdict: 'undecided' })
    const few = measured('bytes', [1, 2, 3])
    const second = measured('bytes', series(N, growing(80_000)), TWICE)
    expect(confirm(few, second)).toMatchObject({
      verdict: 'undecided',
      why: expect.stringMatching(/^the slopes cannot be compared: /) as string,
    })
  })

  test('that are undecided the second time stay so', () => {
    const first = measured('bytes', series(N, growing(40_000)))
    const second = measured('bytes', series(N, growing(80_000)), { ...TWICE, collected: false })
    expect(confirm(first, second)).toMatchObject({ verdict: 'undecided' })
  })
})

describe('numbers at twice the clients', () => {
  test('a count must scale too', () => {
    expect(
      pair(
        'count',
        (i) => 100 * i,
        (i) => 200 * i,
      ),
    ).toMatchObject({ verdict: 'leak' })
    // Not within the intervals, which have no width, but much nearer to the same than to the half.
    expect(
      pair(
        'count',
        (i) => 100 * i,
        (i) => 190 * i,
      ),
    ).toMatchObject({ verdict: 'leak' })
    expect(
      pair(
        'count',
        (i) => i,
        (i) => i,
      ),
    ).toMatchObject({ verdict: 'undecided' })
    expect(
      pair(
        'count',
        () => 5,
        () => 5,
      ),
    ).toMatchObject({ verdict: 'clean' })
  })

  test.each(['exact', 'gauge'] as const)('what %s must come back leaks when it does so both times', (kind) => {
    const left = () => 4
    const back = () => 3
    expect(pair(kind, left, left)).toMatchObject({ verdict: 'leak' })
    expect(pair(kind, left, back)).toMatchObject({ verdict: 'undecided' })
    expect(pair(kind, back, left)).toMatchObject({ verdict: 'undecided' })
    expect(pair(kind, back, back)).toMatchObject({ verdict: 'clean' })
    const unknown = measured(kind, [])
    expect(confirm(unknown, measured(kind, series(N, left), TWICE))).toMatchObject({ verdict: 'undecided' })
  })

  test('a ceiling stays informative', () => {
    expect(
      pair(
        'ceiling',
        (i) => i,
        (i) => i,
      ),
    ).toMatchObject({ verdict: 'informative' })
  })
})

test('fewer than twice the clients confirm nothing', () => {
  expect(() => confirm(measured('bytes', []), measured('bytes', []))).toThrow(
    new RangeError('200 clients confirm nothing about 200: take 2 times as many'),
  )
})
