import { describe, expect, it } from 'vitest'

import { encodeComment, encodeMessage, eventEncoder, frame, frameAscii, unframe } from '../../../server/encode.ts'

describe('a message', () => {
  it('has its fields in the order that readers need', () => {
    expect(encodeMessage({ event: 'e', id: '7', retry: 5, data: 'a\r\nb\rc\nd' })).toBe(
      'event: e\nid: 7\nretry: 5\ndata: a\ndata: b\ndata: c\ndata: d\n\n',
    )
    expect(encodeMessage({ data: '' })).toBe('data: \n\n')
    expect(encodeComment('heartbeat')).toBe(': heartbeat\n\n')
  })

  it.each([
    [{ id: 'a\rb' }],
    [{ id: 'a\nb' }],
    [{ id: 'a\0b' }],
    [{ event: 'a\nb' }],
    [{ retry: -1 }],
    [{ retry: 1.5 }],
    [{ retry: NaN }],
  ])('%j is refused', (message) => {
    expect(() => encodeMessage(message)).toThrow(RangeError)
  })

  it('refuses a comment of two lines', () => {
    expect(() => encodeComment('a\nb')).toThrow(RangeError)
  })
})

describe('an event of a channel', () => {
  const at = 1_700_000_000_000_000
  const dataOf = (text: string): string => /^data: (.*)$/m.exec(text)?.[1] as string

  it.each([80, 128, 4096])('has %i bytes of data, whatever its number', (size) => {
    const encode = eventEncoder(size)
    for (const seq of [1, 10, 123_456_789]) expect(dataOf(encode(seq, at, at + 1))).toHaveLength(size)
  })

  it('is valid JSON at the least size', () => {
    const data: unknown = JSON.parse(dataOf(eventEncoder(0)(5, at, at + 1)))
    expect(data).toEqual({ seq: 5, dueAt: at, sentAt: at + 1, p: '' })
  })
})

describe('a frame', () => {
  it('counts bytes, not characters', () => {
    expect(frame('é€').toString()).toBe('5\r\né€\r\n')
    expect(frameAscii('abc')).toEqual(frame('abc'))
  })

  it('comes off again from a row of frames', () => {
    expect(unframe(Buffer.concat([frame('é\r\n'), frame('x'.repeat(300))])).toString()).toBe(`é\r\n${'x'.repeat(300)}`)
  })
})
