/** Sorted, disjoint ranges of whole numbers, both ends included. Bounded: what does not fit is given up and counted. */
export class Ranges {
  /** from, to, from, to, ... in ascending order. */
  private readonly ends: number[] = []
  private readonly limit: number
  /** Numbers in ranges that were given up for lack of room: missing for good. */
  forgotten = 0

  /** `limit`: how many ranges are kept; the oldest is given up first. */
  constructor(limit: number) {
    this.limit = limit
  }

  /** Adds a range that lies above all others. */
  append(from: number, to: number): void {
    const last = this.ends.length - 1
    if (last > 0 && this.ends[last] === from - 1) this.ends[last] = to
    else this.ends.push(from, to)
    this.bound()
  }

  /** Adds a range that lies below all others. */
  prepend(from: number, to: number): void {
    if (this.ends[0] === to + 1) this.ends[0] = from
    else this.ends.unshift(from, to)
    this.bound()
  }

  /** Takes one number out; false when it was not there. */
  remove(value: number): boolean {
    const at = this.find(value)
    if (at < 0) return false
    const from = this.ends[at] ?? 0
    const to = this.ends[at + 1] ?? 0
    if (from === to) this.ends.splice(at, 2)
    else if (value === from) this.ends[at] = from + 1
    else if (value === to) this.ends[at + 1] = to - 1
    else {
      this.ends.splice(at + 1, 0, value - 1, value + 1)
      this.bound()
    }
    return true
  }

  private bound(): void {
    if (this.ends.length <= this.limit * 2) return
    const [oldFrom = 0, oldTo = -1] = this.ends.splice(0, 2)
    this.forgotten += oldTo - oldFrom + 1
  }

  /** How many numbers the ranges hold, the forgotten ones included. */
  total(): number {
    let sum = this.forgotten
    for (let i = 0; i < this.ends.length; i += 2) sum += (this.ends[i + 1] ?? 0) - (this.ends[i] ?? 0) + 1
    return sum
  }

  list(most: number): [number, number][] {
    const out: [number, number][] = []
    for (let i = 0; i < this.ends.length && out.length < most; i += 2)
      out.push([this.ends[i] ?? 0, this.ends[i + 1] ?? 0])
    return out
  }

  /** Index of the pair that holds `value`, or -1. */
  private find(value: number): number {
    let low = 0
    let high = this.ends.length / 2 - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      if (value < (this.ends[middle * 2] ?? 0)) high = middle - 1
      else if (value > (this.ends[middle * 2 + 1] ?? 0)) low = middle + 1
      else return middle * 2
    }
    return -1
  }
}
