import { describe, expect, test } from 'vitest'

import { BYTES_RULE, judgeBytes, leastCycles } from '../../../harness/leaks/bytes-rule.ts'
import { CONNECTIONS, flutter, measured, series } from './signals.ts'

const N = 15
const bytes = (of: (cycle: number) => number, cycles = N, rest = {}) =>
  judgeBytes(measured('bytes', series(cycles, of), { baseline: null, ...rest }))
/** Flutter, and so many bytes left behind by each connection. */
const leaking = (perConnection: number) => (cycle: number) => flutter(cycle) + perConnection * CONNECTIONS * cycle

describe('bytes', () => {
  test('that only flutter are clean, and what would have been seen is told', () => {
    const { verdict, why, power, perConnection, rule } = bytes(flutter)
    expect(verdict, why).toBe('clean')
    expect(why).toContain(`a leak of ${Math.ceil(power ?? NaN)} bytes per connection or more would have been seen`)
    expect(power).toBeGreaterThanOrEqual(BYTES_RULE.floor)
    expect(power).toBeGreaterThanOrEqual(perConnection?.high ?? NaN)
    expect(rule).toContain('99 % interval')
  })

  test.each([64, 90, 200, 1000])('with %d left by each connection are a leak of this size', (size) => {
    const { verdict, why, perConnection, power } = bytes(leaking(size))
    expect(verdict, why).toBe('leak')
    expect(perConnection?.low).toBeGreaterThan(BYTES_RULE.floor)
    expect(perConnection?.low).toBeLessThanOrEqual(size)
    expect(perConnection?.high).toBeGreaterThanOrEqual(size)
    expect(power).toBeNull()
  })

  test('with less than an object left by each connection are clean', () => {
    expect(bytes(leaking(8))).toMatchObject({ verdict: 'clean' })
  })

  test.each<[string, (cycle: number) => number]>([
    ['that fall', (i) => 9e6 - 50_000 * i],
    ['with a warm-up that is soon over', (i) => flutter(i) - 200_000 * Math.exp(-i)],
    ['that are always the same', () => 5e6],
    ['with one wild sample', (i) => flutter(i) + (i === 9 ? 5e6 : 0)],
    ['with a wild sample at the end', (i) => flutter(i) + (i === N - 1 ? 5e6 : 0)],
  ])('%s are clean', (_what, of) => {
    expect(bytes(of)).toMatchObject({ verdict: 'clean' })
  })

  test('that grew until the last third and then stayed are no leak', () => {
    const levelled = (i: number) => flutter(i) + 60_000 * Math.min(i, 7)
    expect(bytes(levelled, 12)).toMatchObject({
      verdict: 'undecided',
      why: expect.stringMatching(/^it grew and is levelling off \(/) as string,
    })
  })

  test('of which each connection leaves just the floor are a leak, as a clean verdict would have promised', () => {
    expect(bytes(() => 5e6)).toMatchObject({ verdict: 'clean', power: BYTES_RULE.floor })
    expect(bytes((i) => 5e6 + BYTES_RULE.floor * CONNECTIONS * i)).toMatchObject({ verdict: 'leak' })
  })

  test('that come in ever smaller portions are no leak, though they still grow', () => {
    const warming = (i: number) => flutter(i) - 2_000_000 * Math.exp(-i / 8)
    const { verdict, why, perConnection } = bytes(warming)
    expect([verdict, perConnection?.low], why).toEqual([
      'undecided',
      expect.toSatisfy((low: number) => low > BYTES_RULE.floor),
    ])
    expect(why).toMatch(/^it grew and is levelling off /)
  })

  test('are judged without their first third while that is still warming up', () => {
    const warming = (i: number) => flutter(i) - 1_500_000 * Math.exp(-i / 2.5)
    const found = bytes(warming, 30)
    expect(found, found.why).toMatchObject({
      verdict: 'clean',
      why: expect.stringMatching(/ over the last 20 cycles, because it levelled off before/) as string,
    })
    const both = bytes((i) => warming(i) + 100 * CONNECTIONS * i, 30)
    expect(both, both.why).toMatchObject({ verdict: 'leak' })
  })

  test('that may grow, or may not, are neither', () => {
    const noisy = (i: number) => flutter(i) + 40_000 * ((i * 7) % 5) + 60 * CONNECTIONS * i
    expect(bytes(noisy)).toMatchObject({
      verdict: 'undecided',
      why: expect.stringMatching(/^it may grow: /) as string,
    })
  })

  test('are no leak when only the last third has come below the floor', () => {
    const dipped = (i: number) => 5e6 + CONNECTIONS * (42 * i - (i > 10 && i < 14 ? 60 : 0))
    const { verdict, why, perConnection } = bytes(dipped)
    expect(perConnection?.low).toBeGreaterThan(BYTES_RULE.floor)
    expect([verdict, why]).toEqual(['undecided', expect.stringMatching(/^it may grow: .* the middle one 30$/)])
  })

  test('are no leak when their order may be of chance', () => {
    // One pair out of order: p is 15 / 15!.
    const swapped = (i: number) => leaking(200)(i === 7 ? 8 : i === 8 ? 7 : i)
    const judge = (alpha: number) => judgeBytes(measured('bytes', series(N, swapped)), { ...BYTES_RULE, alpha })
    expect(judge(1.2e-11).verdict).toBe('leak')
    expect(judge(1.1e-11).verdict).toBe('undecided')
  })

  test('in so much noise that little could be seen are not clean, and the number of cycles is named', () => {
    const { verdict, why } = bytes((i) => 5e6 + 400_000 * ((i * 7) % 5))
    expect(verdict).toBe('undecided')
    expect(why).toMatch(/so much noise that only a leak of \d+ .* about \d+ cycles, .* are needed to see 256/)
  })

  test('without a forced collection are not judged, whatever they do', () => {
    const { verdict, why } = bytes(leaking(1000), N, { collected: false })
    expect(verdict).toBe('undecided')
    expect(why).toContain('no garbage collection could be forced')
  })

  test('of too few cycles are not judged, and the number needed is named', () => {
    const least = leastCycles()
    expect(bytes(leaking(1000), least - 1)).toMatchObject({
      verdict: 'undecided',
      why: `${least - 1} cycles are too few to tell: at least ${least} are needed`,
      perConnection: null,
    })
    expect(bytes(leaking(1000), least)).toMatchObject({ verdict: 'leak' })
  })

  test('with a gap are not clean, but a leak all the same', () => {
    const gap = (of: (cycle: number) => number) =>
      judgeBytes(measured('bytes', [...series(N, of), null], { baseline: null }))
    expect(gap(flutter)).toMatchObject({ verdict: 'undecided', why: 'it could not be read after 1 of 16 cycles' })
    expect(gap(leaking(200)).why).not.toContain('levelled off')
    expect(gap(leaking(200))).toMatchObject({ verdict: 'leak' })
  })

  test('keep the place of a gap in time', () => {
    const samples = series(N, leaking(200)).map((y, i) => (i % 4 === 2 ? null : y))
    const { perConnection } = judgeBytes(measured('bytes', samples))
    expect((perConnection?.slope ?? NaN) / 200).toBeCloseTo(1, 1)
  })
})

describe('least number of cycles', () => {
  test('three in each third, or what the confidence and p need', () => {
    expect(leastCycles()).toBe(9)
    // 1 / 12! = 2.1e-9, 1 / 13! = 1.6e-10.
    expect(leastCycles({ ...BYTES_RULE, alpha: 1e-9 })).toBe(13)
    expect(leastCycles({ ...BYTES_RULE, confidence: 1 - 1e-9 })).toBe(13)
  })
})
