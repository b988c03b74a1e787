import { ByteStore } from './byte-store.ts'
import type { EventView, ParserSink } from './event.ts'
import { DATA, digitsValue, EVENT, ID, RETRY, valueStart } from './fields.ts'
import { LastEventId } from './last-event-id.ts'

const NO_BYTES = Buffer.alloc(0)
const LF = Buffer.from('\n')

/** What has been read of a block whose values are no longer ranges of one chunk. */
interface Held {
  /** Lines of data joined by LF; null when there was no data field, which is not the same as an empty one. */
  data: ByteStore | null
  type: Buffer
  id: Buffer | null
}

/**
 * The block of lines that becomes one event: data, event type and last event id buffer of the HTML standard, 9.2.6. As
 * long as each is one range of the chunk nothing is copied, and the block is its own event view.
 */
export class EventBlock implements EventView {
  buffer: Buffer = NO_BYTES
  dataStart = -1
  dataEnd = 0
  typeStart = 0
  typeEnd = 0
  idStart = -1
  idEnd = 0

  readonly #sink: ParserSink
  readonly #limit: number
  readonly #id: LastEventId
  #held: Held | null = null

  constructor(sink: ParserSink, limit: number, lastEventId: string) {
    this.#sink = sink
    this.#limit = limit
    this.#id = new LastEventId(lastEventId)
  }

  lastEventId(): string {
    return this.#id.text()
  }

  get lastEventNumber(): number {
    return this.#id.number
  }

  /** The chunk goes away: what an unfinished block has in it is copied. */
  leave(): void {
    if (this.#hasRanges()) this.#hold()
    this.buffer = NO_BYTES
  }

  clear(): void {
    this.#held = null
    this.dataStart = -1
    this.typeStart = 0
    this.typeEnd = 0
    this.idStart = -1
  }

  /** "Process the field"; the first byte decides which one it can be. False when the data is over the limit. */
  line(bytes: Buffer, start: number, end: number): boolean {
    if (bytes !== this.buffer) this.#turnTo(bytes)
    switch (bytes[start]) {
      case 0x64:
        return this.#data(bytes, valueStart(DATA, bytes, start, end), end)
      case 0x69:
        this.#idField(bytes, valueStart(ID, bytes, start, end), end)
        break
      case 0x65:
        this.#type(bytes, valueStart(EVENT, bytes, start, end), end)
        break
      case 0x72:
        this.#retry(bytes, valueStart(RETRY, bytes, start, end), end)
        break
      case 0x3a:
        this.#sink.comment()
        break
      default:
    }
    return true
  }

  /** "Dispatch the event": without data there is no event, but the id counts. */
  blankLine(): void {
    if (this.#held !== null) this.#show(this.#held)
    if (this.idStart >= 0) this.#id.set(this.buffer, this.idStart, this.idEnd)
    if (this.dataStart >= 0) this.#sink.event(this)
    this.clear()
  }

  /** The lines of one block may lie in the chunk and in what was kept of the last one; ranges are of one of them only. */
  #turnTo(bytes: Buffer): void {
    if (this.#hasRanges()) this.#hold()
    this.buffer = bytes
  }

  #hasRanges(): boolean {
    return this.dataStart >= 0 || this.idStart >= 0 || this.typeEnd > this.typeStart
  }

  #data(bytes: Buffer, start: number, end: number): boolean {
    if (start < 0) return true
    if (this.#held === null && this.dataStart < 0) {
      this.dataStart = start
      this.dataEnd = end
      return true
    }
    const held = this.#hold()
    if (held.data === null) held.data = new ByteStore()
    else held.data.append(LF, 0, 1)
    held.data.append(bytes, start, end)
    return held.data.length <= this.#limit
  }

  #type(bytes: Buffer, start: number, end: number): void {
    if (start < 0) return
    if (this.#held !== null) this.#held.type = copyOf(bytes, start, end)
    else {
      this.typeStart = start
      this.typeEnd = end
    }
  }

  #idField(bytes: Buffer, start: number, end: number): void {
    if (start < 0) return
    // "If the field value does not contain U+0000 NULL": one that does is ignored, and an id before it stays.
    for (let at = start; at < end; at += 1) if (bytes[at] === 0) return
    if (this.#held !== null) this.#held.id = copyOf(bytes, start, end)
    else {
      this.idStart = start
      this.idEnd = end
    }
  }

  #retry(bytes: Buffer, start: number, end: number): void {
    const ms = start < 0 ? -1 : digitsValue(bytes, start, end)
    if (ms >= 0) this.#sink.retry(ms)
  }

  #hold(): Held {
    if (this.#held !== null) return this.#held
    const held: Held = { data: null, type: NO_BYTES, id: null }
    if (this.dataStart >= 0) {
      held.data = new ByteStore()
      held.data.append(this.buffer, this.dataStart, this.dataEnd)
    }
    if (this.typeEnd > this.typeStart) held.type = copyOf(this.buffer, this.typeStart, this.typeEnd)
    if (this.idStart >= 0) held.id = copyOf(this.buffer, this.idStart, this.idEnd)
    this.clear()
    this.#held = held
    return held
  }

  /** Puts the held values behind one another, so that the view is ranges of one buffer again. */
  #show(held: Held): void {
    const all = held.data ?? new ByteStore()
    const dataEnd = all.length
    all.append(held.type, 0, held.type.length)
    this.dataStart = held.data === null ? -1 : 0
    this.dataEnd = dataEnd
    this.typeStart = dataEnd
    this.typeEnd = all.length
    if (held.id !== null) {
      this.idStart = all.length
      all.append(held.id, 0, held.id.length)
      this.idEnd = all.length
    }
    this.buffer = all.bytes
  }
}

function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  return Buffer.from(bytes.subarray(start, end))
}
