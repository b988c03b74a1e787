/**
 * Bucket arithmetic of an HdrHistogram with lowest value 1 and 3 significant digits: values below 2048 have a bucket
 * each, and every further power of two is cut into 1024. Written out here because the recorder needs it without a
 * method call, a logarithm or a range check per sample.
 */
const HALF_BITS = 10
const HALF = 1 << HALF_BITS
const SUB_BUCKETS = 2 * HALF
const INT_LIMIT = 2 ** 31
const STEP_BITS = 20
const STEP = 2 ** STEP_BITS

/** Index of the bucket of a whole number from 0 to 2^53; anything else gives an index without meaning. */
export function bucketIndex(value: number): number {
  if (value < INT_LIMIT) {
    const shift = 21 - Math.clz32(value | (SUB_BUCKETS - 1))
    return (shift << HALF_BITS) + (value >>> shift)
  }
  // Integer operators end at 2^31. Above, the low 20 bits never reach the 11 that choose the bucket.
  return bucketIndex(Math.floor(value / STEP)) + STEP_BITS * HALF
}

/** Smallest value that falls into the bucket. */
export function lowestEquivalent(index: number): number {
  if (index < SUB_BUCKETS) return index
  return ((index & (HALF - 1)) + HALF) * 2 ** ((index >>> HALF_BITS) - 1)
}

/** Largest whole number that falls into the bucket. */
export function highestEquivalent(index: number): number {
  return lowestEquivalent(index + 1) - 1
}

/** How many buckets hold every value from 0 to `highest`. */
export function bucketCount(highest: number): number {
  return bucketIndex(highest) + 1
}
