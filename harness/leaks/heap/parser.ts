import type { Layouts } from './layout.ts'
import { readLayouts, SnapshotError } from './layout.ts'
import type { Columns, HeapSnapshot } from './snapshot.ts'
import { assemble, emptyColumns } from './snapshot.ts'
import { StringTable } from './string-table.ts'
import { Table } from './table.ts'

const QUOTE = 34
const COMMA = 44
const ZERO = 48
const COLON = 58
const OPEN_LIST = 91
const BACKSLASH = 92
const CLOSE_LIST = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125
/** Largest byte of white space in JSON; below it are only bytes that JSON does not allow. */
const SPACE = 32
/** The lists of field names take about 2 KB. */
const LONGEST_HEAD = 1_048_576

type State = 'start' | 'member' | 'key' | 'colon' | 'value' | 'numbers' | 'strings' | 'string' | 'other' | 'end'

/**
 * Text of a V8 heap snapshot -> columns, in chunks cut anywhere (the inspector gives it so), without ever holding the text.
 * The format is what `HeapProfiler.takeHeapSnapshot` and `v8.writeHeapSnapshot` write: one object whose members
 * `snapshot`, `nodes`, `edges` and `strings` are read, in this order, and all others passed over. Throws `SnapshotError`
 * for anything else.
 */
export class SnapshotParser {
  readonly #strings = new StringTable()
  #state: State = 'start'
  #key = ''
  #layouts: Layouts | null = null
  #columns: Columns | null = null
  #tables: Readonly<Record<string, Table>> = {}
  #table: Table | null = null
  /** The number that is being read; -1 between two. */
  #value = -1
  /** The byte before was a backslash. */
  #escaped = false
  #quoted = false
  #depth = 0
  #head: Buffer[] = []
  #headLength = 0
  /** First half of a pair of UTF-16 units whose second one comes with the next chunk. */
  #half = ''

  /** Bytes must stay as they are during the call only. */
  write(chunk: string | Buffer): void {
    const bytes = typeof chunk === 'string' ? this.#encoded(chunk) : chunk
    for (let at = 0; at < bytes.length;) at = this.#step(bytes, at)
  }

  /** The whole text has been written. */
  end(): HeapSnapshot {
    if (this.#state !== 'end') throw new SnapshotError('the text ends too early')
    if (this.#layouts === null || this.#columns === null) throw new SnapshotError('it has no member "snapshot"')
    for (const table of Object.values(this.#tables)) table.finish()
    return assemble(this.#layouts, this.#columns, this.#strings)
  }

  #encoded(text: string): Buffer {
    const whole = this.#half + text
    const last = whole.charCodeAt(whole.length - 1)
    this.#half = last >= 0xd8_00 && last < 0xdc_00 ? whole.slice(-1) : ''
    return Buffer.from(whole.slice(0, whole.length - this.#half.length), 'utf8')
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'key':
        return this.#inKey(bytes, at)
      case 'numbers':
        return this.#inNumbers(bytes, at)
      case 'string':
        return this.#inString(bytes, at)
      case 'other':
        return this.#inOther(bytes, at)
      case 'value':
        if (bytes[at]! <= SPACE) return at + 1
        return this.#enter(bytes[at]!, at)
      default:
        if (bytes[at]! > SPACE) this.#state = this.#next(bytes[at]!)
        return at + 1
    }
  }

  /** The state after one mark between keys and values; commas are not counted. */
  #next(byte: number): State {
    const { [this.#state]: marks = {} } = MARKS
    const next = marks[byte]
    if (next === undefined)
      throw new SnapshotError(`unexpected ${JSON.stringify(String.fromCharCode(byte))} (${this.#state})`)
    if (next === 'key') this.#key = ''
    return next
  }

  #inKey(bytes: Buffer, at: number): number {
    const quote = bytes.indexOf(QUOTE, at)
    const end = quote === -1 ? bytes.length : quote
    this.#key += bytes.toString('latin1', at, end)
    if (this.#key.length > LONGEST_HEAD) throw new SnapshotError('a name without end')
    if (quote === -1) return end
    this.#state = 'colon'
    return end + 1
  }

  /** The first byte of a value. */
  #enter(byte: number, at: number): number {
    const list = this.#key === 'strings' || this.#key === 'nodes' || this.#key === 'edges'
    if (!list) {
      this.#state = 'other'
      return at
    }
    if (byte !== OPEN_LIST) throw new SnapshotError(`"${this.#key}" is not a list`)
    this.#table = this.#tables[this.#key] ?? null
    if (this.#key === 'strings') this.#state = 'strings'
    else if (this.#table === null) throw new SnapshotError(`"${this.#key}" stands before "snapshot"`)
    else this.#state = 'numbers'
    return at + 1
  }

  #inNumbers(bytes: Buffer, from: number): number {
    const table = this.#table!
    let value = this.#value
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at]!
      const digit = byte - ZERO
      if (digit >= 0 && digit <= 9) {
        value = value < 0 ? digit : value * 10 + digit
        continue
      }
      if (value >= 0) table.push(value)
      value = -1
      if (byte === CLOSE_LIST) {
        this.#value = -1
        this.#state = 'member'
        return at + 1
      }
      if (byte !== COMMA && byte > SPACE) throw new SnapshotError(`"${this.#key}" has more than whole numbers`)
    }
    this.#value = value
    return bytes.length
  }

  #inString(bytes: Buffer, from: number): number {
    let escaped = this.#escaped
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at]
      if (escaped) escaped = false
      else if (byte === BACKSLASH) escaped = true
      else if (byte === QUOTE) {
        this.#strings.append(bytes, from, at)
        this.#strings.close()
        this.#escaped = false
        this.#state = 'strings'
        return at + 1
      }
    }
    this.#strings.append(bytes, from, bytes.length)
    this.#escaped = escaped
    return bytes.length
  }

  /** A value that is not read number by number; it ends before the comma or brace behind it. */
  #inOther(bytes: Buffer, from: number): number {
    let at = from
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at]
      if (this.#escaped) this.#escaped = false
      else if (this.#quoted) {
        if (byte === BACKSLASH) this.#escaped = true
        else if (byte === QUOTE) this.#quoted = false
      } else if (byte === QUOTE) this.#quoted = true
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.#depth += 1
      else if (this.#depth > 0) {
        if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) this.#depth -= 1
      } else if (byte === COMMA || byte === CLOSE_OBJECT) break
    }
    if (this.#key === 'snapshot') this.#keep(Buffer.from(bytes.subarray(from, at)))
    if (at < bytes.length) {
      this.#state = 'member'
      if (this.#key === 'snapshot') this.#start()
    }
    return at
  }

  #keep(part: Buffer): void {
    this.#head.push(part)
    this.#headLength += part.length
    if (this.#headLength > LONGEST_HEAD) throw new SnapshotError('its member "snapshot" is too long')
  }

  #start(): void {
    if (this.#layouts !== null) throw new SnapshotError('it has two members "snapshot"')
    this.#layouts = readLayouts(Buffer.concat(this.#head).toString('utf8'))
    this.#head = []
    this.#columns = emptyColumns(this.#layouts)
    this.#tables = {
      nodes: new Table('nodes', this.#layouts.nodes, this.#columns.nodes),
      edges: new Table('edges', this.#layouts.edges, this.#columns.edges),
    }
  }
}

const MARKS: Partial<Record<State, Partial<Record<number, State>>>> = {
  start: { [OPEN_OBJECT]: 'member' },
  member: { [QUOTE]: 'key', [COMMA]: 'member', [CLOSE_OBJECT]: 'end' },
  colon: { [COLON]: 'value' },
  strings: { [QUOTE]: 'string', [COMMA]: 'strings', [CLOSE_LIST]: 'member' },
}
