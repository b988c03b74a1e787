/**
 * One dispatched event, as byte ranges. The ranges and the buffer hold only during the call they are given to: the bytes
 * belong to the socket or to the parser and are overwritten afterwards. Copy what must last.
 */
export interface EventView {
  readonly buffer: Buffer
  readonly dataStart: number
  readonly dataEnd: number
  /** Empty range: the type is `message`. */
  readonly typeStart: number
  readonly typeEnd: number
  /** -1 when the event's own block has no (valid) id field; it then carries the last event id of an earlier one. */
  readonly idStart: number
  readonly idEnd: number
  /** The last event id this event carries as a number, when it is one (see `LastEventId`); -1 otherwise. */
  readonly lastEventNumber: number
  /** The same as text: its own id, or the one that was set before it. */
  lastEventId(): string
}

/** Plain methods, called in the order of the bytes: this is the hot path, so there are no emitters and no closures. */
export interface ParserSink {
  event(view: EventView): void
  comment(): void
  /** The server set the reconnection time. */
  retry(ms: number): void
  /** A line, or the data of one event, was longer than the limit; the parser takes no more. */
  overflow(): void
}

/** The range as text. UTF-8 as the Encoding standard decodes it: what is not UTF-8 becomes U+FFFD. */
export function textOf(buffer: Buffer, start: number, end: number): string {
  return buffer.toString('utf8', start, end)
}

/** The event's type; the standard's default is `message`. */
export function typeOf(view: EventView): string {
  return view.typeEnd > view.typeStart ? textOf(view.buffer, view.typeStart, view.typeEnd) : 'message'
}
