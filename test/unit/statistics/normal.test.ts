import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { normalCdf, normalQuantile } from '../../../harness/statistics/normal.ts'

/** Relative: a tail of 1e-300 must be right in its digits too. */
const expectDigits = (found: number, expected: number, most = 1e-14) =>
  expect(Math.abs(found - expected), `${found}, not ${expected}`).toBeLessThanOrEqual(most * Math.abs(expected))

describe('probability', () => {
  // ncdf of mpmath 1.4.1 at 40 digits; scipy.special.ndtr of SciPy 1.17.1 agrees to 1e-13, from -5 on to 3e-15.
  test.each([
    [-37, 5.725571222524577e-300],
    [-36.63, 4.7636649636638796e-294],
    [-28.71, 1.4311212944718292e-181],
    [-13.37, 4.527042512134821e-41],
    [-20, 2.7536241186062337e-89],
    [-10, 7.619853024160525e-24],
    [-5, 2.866515718791939e-7],
    [-3, 0.0013498980316300946],
    [-1.96, 0.024997895148220435],
    [-1.0000001, 0.15865522973438578],
    [-1, 0.15865525393145705],
    [-0.5, 0.3085375387259869],
    [-1e-10, 0.49999999996010575],
    [0, 0.5],
    [0.3, 0.6179114221889527],
    [1, 0.8413447460685429],
    [1.0000001, 0.8413447702656142],
    [2, 0.9772498680518208],
    [5, 0.9999997133484281],
    [8.2, 0.9999999999999999],
  ])('below %d', (z, p) => {
    expectDigits(normalCdf(z), p)
  })

  test('grows from 0 to 1, and both sides are one', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -40, max: 40, noNaN: true }),
        fc.double({ min: 0, max: 3, noNaN: true }),
        (z, more) => {
          // What is rounded may go back by its last digit.
          expect(normalCdf(z + more)).toBeGreaterThanOrEqual(normalCdf(z) * (1 - 1e-14))
          expect(normalCdf(z) + normalCdf(-z)).toBeCloseTo(1, 15)
        },
      ),
    )
    expect([normalCdf(-Infinity), normalCdf(Infinity), normalCdf(NaN)]).toEqual([0, 1, NaN])
  })
})

describe('quantile', () => {
  // scipy.special.ndtri of SciPy 1.17.1.
  test.each([
    [1e-300, -37.0470962993612],
    [1e-100, -21.273453560965322],
    [1e-20, -9.262340089798409],
    [1e-10, -6.361340902404056],
    [1e-5, -4.264890793922825],
    [0.001, -3.090232306167813],
    [0.025, -1.9599639845400545],
    [0.05, -1.6448536269514729],
    [0.15865, -1.0000217133229992],
    [0.1587, -0.9998150936147444],
    [0.25, -0.6744897501960817],
    [0.4, -0.2533471031357997],
    [0.499999, -2.5066282745665593e-6],
    [0.6, 0.2533471031357997],
    [0.9, 1.2815515655446004],
    [0.95, 1.6448536269514722],
    [0.975, 1.959963984540054],
    [0.995, 2.5758293035489004],
    [0.999999, 4.753424308817087],
  ])('of %d', (p, z) => {
    expectDigits(normalQuantile(p), z, 1e-15)
  })

  test('undoes the probability', () => {
    fc.assert(
      fc.property(fc.double({ min: -37, max: 0, noNaN: true }), (z) => {
        expect(normalQuantile(normalCdf(z))).toBeCloseTo(z, 12)
        // Near 1 a probability has few digits left for what is above it.
        const upper = Math.max(z, -5)
        expect(normalQuantile(normalCdf(-upper))).toBeCloseTo(-upper, 8)
      }),
    )
  })

  test('of what is no probability is no number', () => {
    expect([0, 1, 0.5, -0.1, 1.1, NaN].map(normalQuantile)).toEqual([-Infinity, Infinity, 0, NaN, NaN, NaN])
  })
})
