import { expect, test } from 'vitest'

import { LineSplitter } from '../../../harness/k6/lines.ts'

function split(...pieces: string[]): string[] {
  const lines: string[] = []
  const splitter = new LineSplitter((line) => lines.push(line))
  for (const piece of pieces) splitter.write(piece)
  splitter.end()
  return lines
}

test('lines come whole, however they are cut, and the last needs no end', () => {
  expect(split('one\ntw', 'o\n', '\n\nth', 'r', 'ee\nfo', 'ur')).toEqual(['one', 'two', 'three', 'four'])
  expect(split('')).toEqual([])
})

test('a line of many pieces is joined once', () => {
  const pieces = Array.from({ length: 20_000 }, () => 'x'.repeat(100))
  expect(split(...pieces, '\nlast')).toEqual([pieces.join(''), 'last'])
})
