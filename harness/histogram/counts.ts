import { bucketCount, bucketIndex } from './layout.ts'

/** What one process hands to another: only the buckets that are not empty. Survives structured clone and a pipe. */
export interface SparseCounts {
  indices: Uint32Array
  counts: Float64Array
  min: number
  max: number
  sum: number
  count: number
  overflow: number
}

export interface Totals {
  /** Values within range; the overflow is not among them. */
  count: number
  /** Values above `highest`: part of min, max and sum, in no bucket. */
  overflow: number
  min: number | null
  max: number | null
  sum: number
}

const FIRST_LENGTH = 2048

/**
 * The accumulator behind every histogram metric. It holds at most `bucketCount(highest)` doubles however many values
 * come, and next to nothing until the first one. Doubles count exactly to 2^53, where 32-bit counts would wrap within a
 * day of a busy run.
 */
export class Counts {
  readonly highest: number
  #counts = new Float64Array(0)
  #count = 0
  #overflow = 0
  #min = Infinity
  #max = -Infinity
  #sum = 0

  constructor(highest: number) {
    this.highest = highest
  }

  /** Of a whole number >= 0, in the metric's unit. Unchecked: this runs once per event. */
  record(value: number): void {
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
    this.#sum += value
    if (value > this.highest) {
      this.#overflow += 1
      return
    }
    const index = bucketIndex(value)
    if (index >= this.#counts.length) this.#grow(index)
    this.#counts[index]! += 1
    this.#count += 1
  }

  add(other: Counts): void {
    if (other.highest !== this.highest)
      throw new RangeError(`histograms up to ${this.highest} and up to ${other.highest} cannot be added`)
    const sparse = other.toSparse()
    if (sparse !== null) this.addSparse(sparse)
  }

  addSparse(sparse: SparseCounts): void {
    const { indices, counts } = sparse
    const last = indices.at(-1)
    if (last !== undefined) {
      if (last >= bucketCount(this.highest))
        throw new RangeError(`bucket ${last} lies above the range of this histogram, ${this.highest}`)
      if (last >= this.#counts.length) this.#grow(last)
    }
    for (let i = 0; i < indices.length; i += 1) this.#counts[indices[i]!]! += counts[i]!
    this.#count += sparse.count
    this.#overflow += sparse.overflow
    this.#sum += sparse.sum
    if (sparse.min < this.#min) this.#min = sparse.min
    if (sparse.max > this.#max) this.#max = sparse.max
  }

  /** A copy of what is in here, buckets ascending; null when nothing is. */
  toSparse(): SparseCounts | null {
    if (this.#count + this.#overflow === 0) return null
    const indices: number[] = []
    const counts: number[] = []
    this.forEach((index, count) => {
      indices.push(index)
      counts.push(count)
    })
    return {
      indices: Uint32Array.from(indices),
      counts: Float64Array.from(counts),
      min: this.#min,
      max: this.#max,
      sum: this.#sum,
      count: this.#count,
      overflow: this.#overflow,
    }
  }

  /** As toSparse, and starts again from nothing (the memory is kept for the next interval). */
  takeSparse(): SparseCounts | null {
    const sparse = this.toSparse()
    if (sparse === null) return null
    for (const index of sparse.indices) this.#counts[index] = 0
    this.#count = 0
    this.#overflow = 0
    this.#min = Infinity
    this.#max = -Infinity
    this.#sum = 0
    return sparse
  }

  get totals(): Totals {
    const empty = this.#count + this.#overflow === 0
    return {
      count: this.#count,
      overflow: this.#overflow,
      min: empty ? null : this.#min,
      max: empty ? null : this.#max,
      sum: this.#sum,
    }
  }

  countAt(index: number): number {
    return this.#counts[index] ?? 0
  }

  /** Every bucket that is not empty, ascending. Min and max bound the walk, so an interval costs what it holds. */
  forEach(visit: (index: number, count: number) => void): void {
    if (this.#count === 0) return
    const from = bucketIndex(Math.min(this.#min, this.highest))
    const to = bucketIndex(Math.min(this.#max, this.highest))
    for (let index = from; index <= to; index += 1) {
      const count = this.#counts[index]!
      if (count > 0) visit(index, count)
    }
  }

  #grow(index: number): void {
    const wanted = Math.max(FIRST_LENGTH, 2 * this.#counts.length, index + 1)
    const grown = new Float64Array(Math.min(wanted, bucketCount(this.highest)))
    grown.set(this.#counts)
    this.#counts = grown
  }
}
