import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { findJson } from '../../../harness/measure/json-scan.ts'

type Path = (string | number)[]

/** What stands at the path, as text: strings without their quotes. */
function find(text: string, path: Path, before = '', after = ''): string | null {
  const buffer = Buffer.from(before + text + after)
  const start = Buffer.byteLength(before)
  const range = findJson(buffer, start, start + Buffer.byteLength(text), path)
  return range === null ? null : buffer.toString('utf8', range.start, range.end)
}

/** Every path into a value, with the value there. */
function walk(value: unknown, path: Path = []): { path: Path; value: unknown }[] {
  const here = { path, value }
  if (typeof value !== 'object' || value === null) return [here]
  const members: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [here, ...members.flatMap(([key, member]) => walk(member, [...path, key]))]
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('"', '\\', 'n', 'u', '{', ']', ',', ':', ' ', 'é', 'Ã', '©'), maxLength: 5 }),
)
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(text, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(text, tie('tree'), { maxKeys: 4 }),
  ),
}))
const written = fc.tuple(tree, fc.constantFrom(undefined, 1, '\t', '\r\n'))

describe('against JSON.parse', () => {
  test('every path of any JSON leads to what JSON.parse has there', () => {
    fc.assert(
      fc.property(written, ([value, indent]) => {
        const json = JSON.stringify(value, null, indent)
        for (const { path, value: there } of walk(JSON.parse(json))) {
          const found = find(json, path, '{"x":"', '","y":[1,2]}')
          if (typeof there === 'string') expect(found === '' ? '' : JSON.parse(`"${found}"`)).toBe(there)
          else expect(found === null ? found : JSON.parse(found)).toEqual(there)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a path that JSON.parse knows nothing at leads nowhere', () => {
    const step = fc.oneof(text, fc.nat({ max: 5 }))
    const at = (value: unknown, path: Path): boolean => {
      let here = value
      for (const key of path) {
        if (typeof here !== 'object' || here === null) return false
        if (Array.isArray(here) !== (typeof key === 'number') || !Object.hasOwn(here, key)) return false
        here = (here as Record<string | number, unknown>)[key]
      }
      return true
    }
    fc.assert(
      fc.property(written, fc.array(step, { maxLength: 4 }), ([value, indent], path) => {
        const json = JSON.stringify(value, null, indent)
        const parsed: unknown = JSON.parse(json)
        expect(find(json, path, '', ',"a":1}') !== null).toBe(at(parsed, path))
      }),
      { numRuns: 500 },
    )
  })

  test('garbage never throws and is never read past its end', () => {
    const garbage = fc.oneof(
      fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', '1', ' '), maxLength: 30 }),
      fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    )
    const path = fc.array(fc.oneof(fc.constantFrom('a', '', '"'), fc.nat({ max: 2 })), { maxLength: 3 })
    fc.assert(
      fc.property(garbage, path, garbage, (bytes, steps, after) => {
        const buffer = Buffer.from(bytes + after, 'latin1')
        const range = findJson(buffer, 0, bytes.length, steps)
        if (range === null) return
        expect(range.start).toBeGreaterThanOrEqual(0)
        expect(range.end).toBeGreaterThanOrEqual(range.start)
        expect(range.end).toBeLessThanOrEqual(bytes.length)
        // What follows the data has no say.
        expect(findJson(Buffer.from(bytes, 'latin1'), 0, bytes.length, steps)).toEqual(range)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('keys', () => {
  test.each([
    ['{"a\\"b":1}', 'a"b', '1'],
    ['{"\\u0061":1}', 'a', '1'],
    ['{"é":1}', 'é', '1'],
    ['{"😀":1}', '😀', '1'],
    ['{"":1}', '', '1'],
    // Written as a newline; the key of a backslash and an n is another one.
    ['{"\\n":1,"\\\\n":2}', '\\n', '2'],
    ['{"\\n":1}', '\n', '1'],
    // The bytes of é are the characters Ã and ©.
    ['{"é":1,"Ã©":2}', 'Ã©', '2'],
    ['{"ab":1,"a":2}', 'a', '2'],
    ['{"\\u00zz":1}', 'a', null],
  ])('of %s, %j', (json, key, value) => {
    expect(find(json, [key])).toBe(value)
  })
})

test('numbers keep their digits, quoted or not', () => {
  expect(find('{"t":1700000000123456789}', ['t'])).toBe('1700000000123456789')
  expect(find('{"t": "1700000000123456789" }', ['t'])).toBe('1700000000123456789')
  expect(find('[ [1,2] , {"t":[0.50]} ]', [1, 't', 0])).toBe('0.50')
})
