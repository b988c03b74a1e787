const SMALLEST = 256

/**
 * Bytes that outlive their chunk. It doubles, so that a line of many megabytes that arrives in small chunks is copied a
 * constant number of times. Memory of its own, not a slice of Node's pool: one slice would keep a whole slab alive.
 */
export class ByteStore {
  bytes: Buffer = Buffer.allocUnsafeSlow(SMALLEST)
  length = 0

  append(from: Buffer, start: number, end: number): void {
    const needed = this.length + end - start
    if (needed > this.bytes.length) this.#grow(needed)
    from.copy(this.bytes, this.length, start, end)
    this.length = needed
  }

  #grow(needed: number): void {
    let capacity = this.bytes.length
    while (capacity < needed) capacity *= 2
    const grown = Buffer.allocUnsafeSlow(capacity)
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }
}
