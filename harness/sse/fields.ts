const SPACE = 32
const ZERO = 48
const COLON = 58

/** The field names, as bytes: they are case-sensitive ASCII and never decoded. */
export const DATA = Buffer.from('data')
export const EVENT = Buffer.from('event')
export const ID = Buffer.from('id')
export const RETRY = Buffer.from('retry')

/**
 * Where the value of the line's field begins, when the field has this name; -1 when it has another. A line without a
 * colon is a field with an empty value; of the spaces behind the colon one is not part of the value (9.2.6).
 */
export function valueStart(name: Buffer, line: Buffer, start: number, end: number): number {
  const nameEnd = start + name.length
  if (nameEnd > end) return -1
  // The first byte has chosen the name already.
  for (let at = 1; at < name.length; at += 1) if (line[start + at] !== name[at]) return -1
  if (nameEnd === end) return end
  if (line[nameEnd] !== COLON) return -1
  return line[nameEnd + 1] === SPACE && nameEnd + 1 < end ? nameEnd + 2 : nameEnd + 1
}

/** "If the field value consists of only ASCII digits": the number, else -1. An empty value has none, so it is ignored. */
export function digitsValue(line: Buffer, start: number, end: number): number {
  if (start === end) return -1
  let value = 0
  for (let at = start; at < end; at += 1) {
    const digit = (line[at] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
