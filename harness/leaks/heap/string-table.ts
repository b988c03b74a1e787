const FIRST_BYTES = 65_536
const FIRST_STRINGS = 4096

/**
 * The strings of a snapshot as the bytes that stood between the quotes, decoded when asked for: a snapshot has hundreds
 * of thousands and a report needs some hundreds of them.
 */
export class StringTable {
  count = 0
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #length = 0
  #ends = new Uint32Array(FIRST_STRINGS)

  /** A part of the string that is being read. */
  append(from: Buffer, start: number, end: number): void {
    const needed = this.#length + end - start
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
      this.#bytes.copy(grown, 0, 0, this.#length)
      this.#bytes = grown
    }
    from.copy(this.#bytes, this.#length, start, end)
    this.#length = needed
  }

  /** The string that is being read is whole. */
  close(): void {
    if (this.count === this.#ends.length) {
      const grown = new Uint32Array(2 * this.count)
      grown.set(this.#ends)
      this.#ends = grown
    }
    this.#ends[this.count] = this.#length
    this.count += 1
  }

  /** Empty for an index that there is not. What is not valid JSON between the quotes is given as it stands. */
  at(index: number): string {
    const text = this.#bytes.toString('utf8', this.#start(index), this.#end(index))
    if (!text.includes('\\')) return text
    try {
      return JSON.parse(`"${text}"`) as string
    } catch {
      return text
    }
  }

  /** Length in bytes as it stands in the file. */
  bytesOf(index: number): number {
    return this.#end(index) - this.#start(index)
  }

  /** -1 for an empty one. */
  lastByteOf(index: number): number {
    return this.bytesOf(index) === 0 ? -1 : this.#bytes[this.#end(index) - 1]!
  }

  #start(index: number): number {
    return index === 0 ? 0 : this.#end(index - 1)
  }

  #end(index: number): number {
    return index < this.count ? this.#ends[index]! : this.#length
  }
}
