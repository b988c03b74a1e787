/**
 * Finds one value in JSON bytes without building the rest: an event costs no object, and a 19-digit number keeps its
 * digits because it never becomes a double on the way. Offsets into the buffer, or null when the path leads nowhere.
 */
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const SPACE = 0x20

export interface Range {
  start: number
  end: number
}

export function findJson(buffer: Buffer, start: number, end: number, path: readonly (string | number)[]): Range | null {
  let at = skipSpace(buffer, start, end)
  for (const step of path) {
    const next = typeof step === 'number' ? enterArray(buffer, at, end, step) : enterObject(buffer, at, end, step)
    if (next < 0) return null
    at = next
  }
  const stop = skipValue(buffer, at, end)
  if (stop < 0 || stop === at) return null
  // A quoted number is common, since JSON parsers round large ones: its inside counts as the value.
  return buffer[at] === QUOTE ? { start: at + 1, end: stop - 1 } : { start: at, end: stop }
}

function enterObject(buffer: Buffer, start: number, end: number, key: string): number {
  if (buffer[start] !== OPEN_BRACE) return -1
  let at = skipSpace(buffer, start + 1, end)
  while (at < end && buffer[at] === QUOTE) {
    const keyEnd = skipString(buffer, at, end)
    if (keyEnd < 0) return -1
    const colon = skipSpace(buffer, keyEnd, end)
    if (buffer[colon] !== COLON) return -1
    const value = skipSpace(buffer, colon + 1, end)
    if (sameKey(buffer, at + 1, keyEnd - 1, key)) return value
    at = nextMember(buffer, skipValue(buffer, value, end), end)
    if (at < 0) return -1
  }
  return -1
}

function enterArray(buffer: Buffer, start: number, end: number, index: number): number {
  if (buffer[start] !== OPEN_BRACKET) return -1
  let at = skipSpace(buffer, start + 1, end)
  for (let i = 0; at >= 0 && at < end && buffer[at] !== CLOSE_BRACKET; i += 1) {
    if (i === index) return at
    at = nextMember(buffer, skipValue(buffer, at, end), end)
  }
  return -1
}

function nextMember(buffer: Buffer, valueEnd: number, end: number): number {
  if (valueEnd < 0) return -1
  const comma = skipSpace(buffer, valueEnd, end)
  return buffer[comma] === COMMA ? skipSpace(buffer, comma + 1, end) : -1
}

function skipSpace(buffer: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && (buffer[at] ?? 0) <= SPACE) at += 1
  return at
}

function skipString(buffer: Buffer, start: number, end: number): number {
  for (let at = start + 1; at < end; at += 1) {
    const byte = buffer[at]
    if (byte === BACKSLASH) at += 1
    else if (byte === QUOTE) return at + 1
  }
  return -1
}

/** The end of the value that starts at `start`; -1 when it does not end within the data. */
function skipValue(buffer: Buffer, start: number, end: number): number {
  const first = buffer[start]
  if (first === QUOTE) return skipString(buffer, start, end)
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return skipScalar(buffer, start, end)
  let depth = 0
  for (let at = start; at < end; at += 1) {
    const byte = buffer[at]
    if (byte === QUOTE) {
      at = skipString(buffer, at, end) - 1
      if (at < 0) return -1
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return -1
}

function skipScalar(buffer: Buffer, start: number, end: number): number {
  let at = start
  while (at < end) {
    const byte = buffer[at] ?? 0
    if (byte <= SPACE || byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET) break
    at += 1
  }
  return at
}

/** Whether a byte of a key is a character that stands for itself: neither an escape nor part of a longer one. */
function isPlain(byte: number | undefined): boolean {
  return byte !== undefined && byte < 0x80 && byte !== BACKSLASH
}

function sameKey(buffer: Buffer, start: number, end: number, key: string): boolean {
  if (end - start === key.length) {
    let i = 0
    while (i < key.length && isPlain(buffer[start + i]) && buffer[start + i] === key.charCodeAt(i)) i += 1
    if (i === key.length) return true
  }
  const raw = buffer.toString('utf8', start, end)
  if (!raw.includes('\\')) return raw === key
  try {
    return JSON.parse(`"${raw}"`) === key
  } catch {
    return false
  }
}
