import { EventBlock } from './block.ts'
import { ByteStore } from './byte-store.ts'
import type { ParserSink } from './event.ts'

const LF = 10
const CR = 13
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/** Longest line, and longest data of one event, in bytes. */
export const DEFAULT_LIMIT = 16 * 1024 * 1024

export interface ParserOptions {
  readonly limit?: number
  readonly lastEventId?: string
}

/**
 * Event stream bytes -> events, by the HTML standard, 9.2.5 and 9.2.6 ("Parsing" and "Interpreting an event stream"). It
 * works on bytes: every delimiter is ASCII, so cutting before decoding gives what decoding before cutting gives. Whole
 * events in one chunk cost no allocation.
 */
export class SseParser {
  readonly #sink: ParserSink
  readonly #limit: number
  readonly #block: EventBlock
  /** The line that the last chunk did not finish. */
  #partial: ByteStore | null = null
  /** Bytes of a leading byte order mark seen so far; its length once that question is settled. */
  #bom = 0
  #skipLf = false
  #closed = false

  constructor(sink: ParserSink, options: ParserOptions = {}) {
    this.#sink = sink
    this.#limit = options.limit ?? DEFAULT_LIMIT
    this.#block = new EventBlock(sink, this.#limit, options.lastEventId ?? '')
  }

  /** The last event ID string: what a reconnect sends. Empty when there is none or the server took it back. */
  lastEventId(): string {
    return this.#block.lastEventId()
  }

  /** Takes no more bytes, and dispatches nothing more of the chunk it is in. */
  close(): void {
    this.#closed = true
    this.#partial = null
    this.#block.clear()
  }

  /**
   * A new response body begins. An unfinished block is discarded ("Once the end of the file is reached, any pending data
   * must be discarded"), its id included; the last event id stays, as in browsers (web platform tests,
   * eventsource/format-field-id-2).
   */
  reset(): void {
    this.close()
    this.#closed = false
    this.#bom = 0
    this.#skipLf = false
  }

  /** The chunk may be overwritten after the call. */
  push(chunk: Buffer): void {
    if (this.#closed) return
    const length = chunk.length
    let at = this.#bom < BOM.length ? this.#skipBom(chunk) : 0
    if (this.#skipLf && at < length) {
      this.#skipLf = false
      if (chunk[at] === LF) at += 1
    }
    // Each is looked up once and again only when passed: a chunk without CR pays one failed search, not one a line.
    let lf = -1
    let cr = -1
    while (at < length) {
      if (lf < at) lf = chunk[at] === LF ? at : foundOr(chunk.indexOf(LF, at), length)
      if (cr < at) cr = foundOr(chunk.indexOf(CR, at), length)
      const end = lf < cr ? lf : cr
      if (end === length) break
      this.#endLine(chunk, at, end)
      if (this.#closed) break
      at = end + 1
      // LF, CR and CRLF end a line. A CR ends it at once, at the end of a chunk too; an LF behind it is skipped.
      if (end === cr) {
        if (at === length) this.#skipLf = true
        else if (chunk[at] === LF) at += 1
      }
    }
    this.#block.leave()
    if (!this.#closed && at < length) this.#keep(chunk, at)
  }

  #endLine(chunk: Buffer, start: number, end: number): void {
    const partial = this.#partial
    if (partial !== null) {
      partial.append(chunk, start, end)
      this.#partial = null
      if (partial.length > this.#limit || !this.#block.line(partial.bytes, 0, partial.length)) this.#overflow()
    } else if (start === end) this.#block.blankLine()
    else if (end - start > this.#limit || !this.#block.line(chunk, start, end)) this.#overflow()
  }

  #keep(from: Buffer, start: number): void {
    this.#partial ??= new ByteStore()
    this.#partial.append(from, start, from.length)
    if (this.#partial.length > this.#limit) this.#overflow()
  }

  /** "One leading U+FEFF BYTE ORDER MARK character must be ignored if any are present"; it may come in pieces. */
  #skipBom(chunk: Buffer): number {
    for (let at = 0; at < chunk.length; at += 1) {
      if (chunk[at] !== BOM[this.#bom]) {
        // What looked like one in an earlier chunk was the beginning of a line.
        const before = this.#bom - at
        this.#bom = BOM.length
        if (before > 0) this.#keep(BOM.subarray(0, before), 0)
        return 0
      }
      this.#bom += 1
      if (this.#bom === BOM.length) return at + 1
    }
    return chunk.length
  }

  #overflow(): void {
    this.close()
    this.#sink.overflow()
  }
}

function foundOr(index: number, absent: number): number {
  return index < 0 ? absent : index
}
