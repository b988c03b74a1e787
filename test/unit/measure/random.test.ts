import { describe, expect, test } from 'vitest'

import { seededRandom } from '../../../harness/measure/random.ts'

const draws = (seed: number, ...key: (string | number)[]) => {
  const random = seededRandom(seed, ...key)
  return Array.from({ length: 1000 }, random)
}

const correlation = (a: number[], b: number[]) =>
  (12 * a.reduce((sum, x, i) => sum + (x - 0.5) * ((b[i] ?? NaN) - 0.5), 0)) / a.length

describe('seededRandom', () => {
  test('gives the same numbers for the same seed and key', () => {
    expect(draws(7, 'backoff', 3, 1)).toEqual(draws(7, 'backoff', 3, 1))
  })

  test('never changes: records of old runs must be repeatable', () => {
    expect(draws(1, 'a').slice(0, 2)).toMatchInlineSnapshot(`
      [
        0.5216400343924761,
        0.6433616725262254,
      ]
    `)
  })

  test('draws in one place move none in another', () => {
    const first = seededRandom(7, 'a')
    const second = seededRandom(7, 'b')
    for (let i = 0; i < 10; i += 1) first()
    expect(second()).toBe(draws(7, 'b')[0])
  })

  // The spread of a correlation of 1000 independent pairs is 0.03.
  test.each([
    ['neighbouring seeds', draws(1, 'a', 1), draws(2, 'a', 1)],
    ['neighbouring streams', draws(1, 'a', 1), draws(1, 'a', 2)],
    ['neighbouring attempts', draws(1, 'a', 1, 0), draws(1, 'a', 1, 1)],
    ['other words', draws(1, 'backoff'), draws(1, 'jitter')],
    ['a digit moved', draws(1, 12, 3), draws(1, 1, 23)],
  ])('%s are unrelated', (_what, a, b) => {
    expect(Math.abs(correlation(a, b))).toBeLessThan(0.15)
  })

  test('first draws of many streams are spread evenly over [0, 1)', () => {
    const tenths = Array.from({ length: 10 }, () => 0)
    for (let stream = 0; stream < 10_000; stream += 1) {
      const value = seededRandom(5, 'jitter', stream)()
      expect(value >= 0 && value < 1).toBe(true)
      const tenth = Math.floor(value * 10)
      tenths[tenth] = (tenths[tenth] ?? 0) + 1
    }
    // Six standard deviations of a fair tenth.
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(180)
  })
})
