/**
 * Server-sent events as bytes (WHATWG HTML, 9.2.5 and 9.2.6), and HTTP/1.1 chunks around them: a chunk is built once and
 * written to every socket, which is what makes one write per stream cheap.
 */
export interface Message {
  readonly event?: string
  readonly id?: string
  readonly data?: string
  /** Reconnection time for the client, in milliseconds. */
  readonly retry?: number
}

const LINE_END = /\r\n|\r|\n/
const CRLF_BYTES = 2

/** The text of one message. Throws a RangeError for what the format cannot carry; it would be read as something else. */
export function encodeMessage(message: Message): string {
  let text = ''
  if (message.event !== undefined) text += `event: ${oneLine('event', message.event)}\n`
  if (message.id !== undefined) text += `id: ${oneLine('id', message.id)}\n`
  if (message.retry !== undefined) text += `retry: ${wholeMilliseconds(message.retry)}\n`
  // A reader joins the lines with LF: CR and CRLF inside the data cannot survive, whatever the server does.
  if (message.data !== undefined) for (const line of message.data.split(LINE_END)) text += `data: ${line}\n`
  return text + '\n'
}

/** A comment: keeps intermediaries from closing a silent stream, and is no event for the reader. */
export const encodeComment = (text: string): string => `: ${oneLine('comment', text)}\n\n`

function oneLine(field: string, value: string): string {
  if (LINE_END.test(value))
    throw new RangeError(`${field} holds a line end, which would start another field; remove it`)
  // 9.2.6: an id with NUL is ignored by the reader, so resuming would silently start at the wrong place.
  if (field === 'id' && value.includes('\0')) throw new RangeError('id holds NUL, so readers ignore it; remove it')
  return value
}

function wholeMilliseconds(retry: number): number {
  if (Number.isInteger(retry) && retry >= 0) return retry
  throw new RangeError(`retry must be a whole number of milliseconds, not ${retry}; readers ignore anything else`)
}

/** An event of a channel; `framed` is a whole HTTP/1.1 chunk, shared by all streams and never changed. */
export interface SequencedEvent {
  readonly seq: number
  readonly framed: Buffer
}

/** What an event weighs in a queue or a buffer; one function for all, because there is a queue per stream. */
export const framedBytes = (event: SequencedEvent): number => event.framed.length

/** Several events as one buffer for one write: the cost of a write hardly depends on its length. */
export const join = (events: readonly SequencedEvent[]): Buffer =>
  events.length === 1 ? (events[0] as SequencedEvent).framed : Buffer.concat(events.map((event) => event.framed))

/** `{"seq":,"dueAt":,"sentAt":,"p":""}` without its numbers, plus two stamps of 16 digits. */
const FIXED_DATA_BYTES = 34 + 2 * 16

/**
 * Encodes the events of a channel. `sizeBytes` is the length of the `data` value; sizes under the fixed part (about 67)
 * give an empty pad. Stamps are epoch microseconds.
 */
export function eventEncoder(sizeBytes: number): (seq: number, dueAtUs: number, sentAtUs: number) => string {
  const pad = 'x'.repeat(Math.max(0, sizeBytes - FIXED_DATA_BYTES))
  return (seq, dueAtUs, sentAtUs) => {
    const id = String(seq)
    const fill = pad.slice(id.length)
    return `id: ${id}\ndata: {"seq":${id},"dueAt":${dueAtUs},"sentAt":${sentAtUs},"p":"${fill}"}\n\n`
  }
}

/** One HTTP/1.1 chunk (RFC 9112, 7.1) that holds `text`. */
export function frame(text: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`)
}

/** The same for text known to be ASCII: no second look at its length. */
export function frameAscii(text: string): Buffer {
  return Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`, 'latin1')
}

/** The bytes inside a row of whole chunks, for HTTP/1.0 readers: they are rare, so they pay for the copy. */
export function unframe(chunks: Buffer): Buffer {
  const bodies: Buffer[] = []
  for (let at = 0; at < chunks.length;) {
    const bodyStart = chunks.indexOf('\r\n', at) + CRLF_BYTES
    const bodyEnd = bodyStart + Number.parseInt(chunks.toString('latin1', at, bodyStart - CRLF_BYTES), 16)
    bodies.push(chunks.subarray(bodyStart, bodyEnd))
    at = bodyEnd + CRLF_BYTES
  }
  return Buffer.concat(bodies)
}
