import { digitsValue } from './fields.ts'

const ZERO = 48
/** Fifteen digits always fit a double exactly. */
const MOST_DIGITS = 15
const NO_BYTES = Buffer.alloc(0)

/**
 * The last event ID string of one event source (HTML standard, 9.2.3). Most servers count, so an id of up to 15 digits
 * without a leading zero is kept as a number: no string and no buffer per event. Others are copied into one buffer that
 * is used again.
 */
export class LastEventId {
  #number = -1
  #bytes: Buffer = NO_BYTES
  #length = 0

  constructor(initial = '') {
    const bytes = Buffer.from(initial)
    this.set(bytes, 0, bytes.length)
  }

  set(buffer: Buffer, start: number, end: number): void {
    this.#number = numberIn(buffer, start, end)
    if (this.#number >= 0) return
    const length = end - start
    if (this.#bytes.length < length) this.#bytes = Buffer.allocUnsafeSlow(length)
    buffer.copy(this.#bytes, 0, start, end)
    this.#length = length
  }

  /** The id when it is kept as a number, else -1. */
  get number(): number {
    return this.#number
  }

  get isEmpty(): boolean {
    return this.#number < 0 && this.#length === 0
  }

  text(): string {
    return this.#number >= 0 ? String(this.#number) : this.#bytes.toString('utf8', 0, this.#length)
  }
}

function numberIn(buffer: Buffer, start: number, end: number): number {
  const length = end - start
  if (length > MOST_DIGITS) return -1
  // With a leading zero the number would not give the text back.
  if (length > 1 && buffer[start] === ZERO) return -1
  return digitsValue(buffer, start, end)
}
