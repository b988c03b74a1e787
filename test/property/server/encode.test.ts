import fc from 'fast-check'
import { expect, it } from 'vitest'

import { encodeMessage, frame, unframe } from '../../../server/encode.ts'

interface Read {
  event: string
  id: string
  data: string
}

/** WHATWG HTML 9.2.6, as literally as it can be written; for whole streams without a BOM. */
function read(text: string): Read[] {
  const events: Read[] = []
  let event = ''
  let id = ''
  let data: string | null = null
  for (const line of text.split(/\r\n|\r|\n/).slice(0, -1)) {
    const [, field, value] = /^([^:]*)(?::\s?(.*))?$/s.exec(line) as unknown as [string, string, string | undefined]
    if (line === '') {
      if (data !== null) events.push({ event: event || 'message', id, data })
      event = ''
      data = null
    } else if (field === 'event') event = value ?? ''
    else if (field === 'id' && !(value ?? '').includes('\0')) id = value ?? ''
    else if (field === 'data') data = data === null ? (value ?? '') : `${data}\n${value ?? ''}`
  }
  return events
}

const lineEnds = fc.constantFrom('\r', '\n', '\r\n')
const anyText = fc
  .array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), lineEnds, fc.constantFrom(' ', ':')))
  .map((parts) => parts.join(''))
const oneLine = fc.string({ minLength: 1 }).filter((text) => !/[\r\n\0]/.test(text))

it('what is encoded is read back, with line ends as LF', () => {
  const message = fc.record({ event: oneLine, id: oneLine, data: anyText })
  fc.assert(
    fc.property(fc.array(message), (messages) => {
      const text = messages.map(encodeMessage).join('')
      const wanted = messages.map(({ event, id, data }) => ({ event, id, data: data.replaceAll(/\r\n|\r/g, '\n') }))
      expect(read(text)).toEqual(wanted)
    }),
  )
})

it('no text gets out of its field', () => {
  fc.assert(
    fc.property(anyText, anyText, (id, event) => {
      try {
        expect(read(encodeMessage({ id, event, data: 'x' }))).toEqual([{ id, event: event || 'message', data: 'x' }])
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        expect(/[\r\n\0]/.test(id + event)).toBe(true)
      }
    }),
  )
})

it('frames come off as they went on', () => {
  fc.assert(
    fc.property(fc.array(anyText.filter((text) => text !== '')), (texts) => {
      expect(unframe(Buffer.concat(texts.map(frame)))).toEqual(Buffer.from(texts.join('')))
    }),
  )
})
