const SMALLEST = 256
const NO_BYTES = Buffer.alloc(0)

/**
 * Bytes that outlive their chunk. It doubles, so that a line of many megabytes that arrives in small chunks is copied a
 * constant number of times. Memory of its own, not a slice of Node's pool: one slice would keep a whole slab alive.
 */
export class ByteStore {
  bytes: Buffer = NO_BYTES
  length = 0

  append(from: Buffer, start: number, end: number): void {
    const needed = this.length + end - start
    if (needed > this.bytes.length) this.#grow(needed)
    from.copy(this.bytes, this.length, start, end)
    this.length = needed
  }

  #grow(needed: number): void {
    let capacity = Math.max(this.bytes.length, SMALLEST)
    while (capacity < needed) capacity *= 2
    const grown = Buffer.allocUnsafeSlow(capacity)
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }
}
