const SQRT_2PI = Math.sqrt(2 * Math.PI)
/** Up to here the series loses at most a digit to cancellation; below, the fraction would need ever more terms. */
const CENTRE = 1
/** At the centre's edge 300 terms leave an error of 5e-15 and 400 one of 2e-16; further out fewer do. */
const FRACTION_DEPTH = 500
/** The tail beyond is smaller than the smallest double. */
const FAR = 39
const MOST_STEPS = 30

/**
 * Probability that a standard normal variable is at most `z`: a series in the middle, a continued fraction in the tails
 * (Abramowitz and Stegun, 26.2.11 and 26.2.14). Good to about 15 digits, in the lower tail too; for the upper tail ask for
 * `normalCdf(-z)`, because 1 minus a tail has lost its digits.
 */
export function normalCdf(z: number): number {
  if (Number.isNaN(z)) return NaN
  if (Math.abs(z) <= CENTRE) return 0.5 + centre(z)
  return z < 0 ? tail(-z) : 1 - tail(z)
}

/** The `z` below which a standard normal variable lies with probability `p`; NaN when `p` is none. About 15 digits. */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return NaN
  if (p === 0) return -Infinity
  if (p === 0.5) return 0
  // Exact: from a half to 1 the difference to 1 has no more digits than `p`.
  if (p > 0.5) return -normalQuantile(1 - p)
  // Newton's method from below. The logarithm of the tail is concave, so from here no step goes too far.
  let z = -Math.sqrt(-2 * Math.log(p))
  for (let i = 0; i < MOST_STEPS; i += 1) {
    const step = newtonStep(z, p)
    z -= step
    if (Math.abs(step) <= Number.EPSILON * Math.abs(z)) break
  }
  return z
}

function newtonStep(z: number, p: number): number {
  // In the middle by the distance from a half, which keeps its digits where `p` is close to it.
  if (Math.abs(z) <= CENTRE) return (centre(z) - (p - 0.5)) / density(z)
  const below = normalCdf(z)
  return (Math.log(below / p) * below) / density(z)
}

/** Probability between 0 and `z`: density times z + z^3/3 + z^5/(3*5) + ... */
function centre(z: number): number {
  let sum = z
  let term = z
  for (let k = 3; Math.abs(term) > Number.EPSILON * 0.1 * Math.abs(sum); k += 2) {
    term *= (z * z) / k
    sum += term
  }
  return density(z) * sum
}

/** Probability above `z`: density over z + 1/(z + 2/(z + 3/(z + ...))). */
function tail(z: number): number {
  if (z > FAR) return 0
  let fraction = z
  for (let k = FRACTION_DEPTH; k >= 1; k -= 1) fraction = z + k / fraction
  return density(z) / fraction
}

function density(z: number): number {
  // Far out the rounding of the square would cost digits: the square of a number of few digits is exact.
  const head = Math.trunc(z * 16) / 16
  const rest = (z - head) * (z + head)
  return (Math.exp(-(head * head) / 2) * Math.exp(-rest / 2)) / SQRT_2PI
}
