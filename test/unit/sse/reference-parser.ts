import type { Expected } from '../../fixtures/streams/fixture.ts'

/**
 * The standard's algorithm, word by word and slowly: decode everything, cut into lines, process them one after the other.
 * It knows no chunks, so nothing about chunks can be wrong with it.
 */
export function referenceParse(bytes: Uint8Array): Expected[] {
  // TextDecoder removes one leading byte order mark, as "UTF-8 decode" does.
  const text = new TextDecoder('utf-8').decode(bytes)
  const lines = text.split(/\r\n|\n|\r/)
  // What follows the last line end is not a line: "any pending data must be discarded".
  lines.pop()
  const found: Expected[] = []
  let data = ''
  let event = ''
  let id = ''
  let hasId = false
  for (const line of lines) {
    if (line === '') {
      if (data !== '') {
        found.push({
          type: 'event',
          event: event === '' ? 'message' : event,
          data: data.slice(0, -1),
          lastEventId: id,
          hasId,
        })
      }
      data = ''
      event = ''
      hasId = false
      continue
    }
    const colon = line.indexOf(':')
    if (colon === 0) {
      found.push({ type: 'comment' })
      continue
    }
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') event = value
    else if (field === 'data') data += `${value}\n`
    else if (field === 'id' && !value.includes('\0')) {
      id = value
      hasId = true
    } else if (field === 'retry' && /^[0-9]+$/.test(value)) found.push({ type: 'retry', ms: Number(value) })
  }
  return found
}
