import type { FieldSpec, StampSpec, StampUnit } from '../model/field-spec.ts'
import type { Microseconds } from '../model/units.ts'
import { findJson } from './json-scan.ts'

/** The part of an event that extraction reads; the parser's event view has this shape. */
export interface EventBytes {
  readonly buffer: Buffer
  readonly dataStart: number
  readonly dataEnd: number
  /** -1 when the block has no id field. */
  readonly idStart: number
  readonly idEnd: number
  /** Empty when the event has no type of its own. */
  readonly typeStart: number
  readonly typeEnd: number
}

/** Reads number and times of one event into its fields; -1 stands for "not there or not readable". */
export interface Extractor {
  sequence: number
  dueAt: Microseconds
  sentAt: Microseconds
  /** What stood where an integer was expected, for the message; null while all is well. */
  badSequence: string | null
  /** The event tells of the stream and belongs to no sequence. */
  isNotice: boolean
  read(event: EventBytes): void
}

const ZERO = 0x30
const NINE = 0x39
const DOT = 0x2e
const MAX_SAFE_DIGITS = 15
const PREFIX = Buffer.from('{"seq":')
const DUE = Buffer.from(',"dueAt":')
const SENT = Buffer.from(',"sentAt":')
const STAMP_DIGITS = 16

/** The reference server's own format: fixed fields at the front of the data, read without parsing JSON. */
export class ReferenceExtractor implements Extractor {
  sequence = -1
  dueAt: Microseconds = -1
  sentAt: Microseconds = -1
  badSequence: string | null = null
  isNotice = false

  read(event: EventBytes): void {
    const { buffer, dataEnd } = event
    this.sequence = this.dueAt = this.sentAt = -1
    // Its data are events without a type; gap and goodbye have one.
    this.isNotice = event.typeEnd > event.typeStart
    if (this.isNotice) return
    let at = event.dataStart + PREFIX.length
    const start = at
    while (at < dataEnd && isDigit(buffer[at])) at += 1
    if (at === start || at - start > MAX_SAFE_DIGITS) return
    const due = at + DUE.length
    const sent = due + STAMP_DIGITS + SENT.length
    // One byte of each name is enough to tell our format from another one at these offsets.
    if (sent + STAMP_DIGITS > dataEnd || buffer[due - 3] !== 0x74 || buffer[sent - 3] !== 0x74) return
    this.sequence = digits(buffer, start, at)
    this.dueAt = digits(buffer, due, due + STAMP_DIGITS)
    this.sentAt = digits(buffer, sent, sent + STAMP_DIGITS)
  }
}

/** Stamp and sequence wherever the user says they are. A single stamp counts as the time the event was due. */
export class SpecExtractor implements Extractor {
  sequence = -1
  dueAt: Microseconds = -1
  sentAt: Microseconds = -1
  badSequence: string | null = null
  readonly isNotice = false
  private readonly stampField: ((event: EventBytes) => Located | null) | null
  private readonly sequenceField: ((event: EventBytes) => Located | null) | null
  private readonly unit: StampUnit

  constructor(stamp: StampSpec | null, sequence: FieldSpec | null) {
    this.stampField = stamp === null ? null : locate(stamp.field)
    this.sequenceField = sequence === null ? null : locate(sequence)
    this.unit = stamp?.unit ?? 'us'
  }

  read(event: EventBytes): void {
    this.sequence = this.dueAt = -1
    if (this.stampField !== null) {
      const found = this.stampField(event)
      if (found !== null) this.dueAt = stampMicros(found.buffer, found.start, found.end, this.unit)
    }
    if (this.sequenceField !== null) {
      const found = this.sequenceField(event)
      if (found === null) return
      this.sequence = integer(found.buffer, found.start, found.end)
      if (this.sequence < 0) this.badSequence ??= found.buffer.toString('utf8', found.start, found.end)
    }
  }
}

interface Located {
  buffer: Buffer
  start: number
  end: number
}

function locate(field: FieldSpec): (event: EventBytes) => Located | null {
  switch (field.source) {
    case 'id':
      return (event) => (event.idStart < 0 ? null : { buffer: event.buffer, start: event.idStart, end: event.idEnd })
    case 'json':
      return (event) => {
        const range = findJson(event.buffer, event.dataStart, event.dataEnd, field.path)
        return range === null ? null : { buffer: event.buffer, start: range.start, end: range.end }
      }
    case 'regex': {
      const regex = new RegExp(field.pattern, 'u')
      return (event) => {
        // Id and data are offered in turn, so that one pattern can look into either.
        const texts = [event.buffer.toString('utf8', event.dataStart, event.dataEnd)]
        if (event.idStart >= 0) texts.unshift(event.buffer.toString('utf8', event.idStart, event.idEnd))
        for (const text of texts) {
          const value = regex.exec(text)?.[1]
          if (value !== undefined) return { buffer: Buffer.from(value), start: 0, end: Buffer.byteLength(value) }
        }
        return null
      }
    }
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

function digits(buffer: Buffer, start: number, end: number): number {
  let value = 0
  for (let i = start; i < end; i += 1) value = value * 10 + ((buffer[i] ?? ZERO) - ZERO)
  return value
}

/** A non-negative integer of at most 15 digits, or -1. */
export function integer(buffer: Buffer, start: number, end: number): number {
  if (end === start || end - start > MAX_SAFE_DIGITS) return -1
  for (let i = start; i < end; i += 1) if (!isDigit(buffer[i])) return -1
  return digits(buffer, start, end)
}

const MICRO_EXPONENT: Readonly<Record<StampUnit, number>> = { s: 6, ms: 3, us: 0, ns: -3 }

/**
 * A decimal epoch stamp -> whole microseconds, or -1. Works on the digits: 19 of them do not fit a double, but the 16
 * that are microseconds do.
 */
export function stampMicros(buffer: Buffer, start: number, end: number, unit: StampUnit): Microseconds {
  let point = start
  while (point < end && isDigit(buffer[point])) point += 1
  if (point === start || (point < end && buffer[point] !== DOT)) return -1
  let value = 0
  const wanted = MICRO_EXPONENT[unit]
  const whole = wanted < 0 ? Math.max(start, point + wanted) : point
  if (whole - start > STAMP_DIGITS) return -1
  value = digits(buffer, start, whole)
  for (let i = 0; i < wanted; i += 1) {
    const byte = buffer[point + 1 + i]
    const fraction = point + 1 + i < end ? byte : ZERO
    if (!isDigit(fraction)) return -1
    value = value * 10 + ((fraction ?? ZERO) - ZERO)
  }
  // An exponent would make it another number.
  for (let i = point + 1 + Math.max(0, wanted); i < end; i += 1) if (!isDigit(buffer[i])) return -1
  return value
}
