import fc from 'fast-check'
import { expect, test } from 'vitest'

import { isRunId, newRunId } from '../../../harness/results/run-id.ts'

test('has the time to the millisecond in UTC and a drawn tail', () => {
  expect(newRunId(new Date('2026-11-23T17:15:30.412Z'), () => 0xa1b2c3 / 0x1000000)).toBe('20261123-171530-412-a1b2c3')
  expect(newRunId(new Date('2026-01-02T03:04:05.006Z'), () => 0)).toBe('20260102-030405-006-000000')
})

const date = fc.date({ min: new Date('2000-01-01'), max: new Date('2255-01-01'), noInvalidDate: true })

test('sorts by time and can name a folder', () => {
  fc.assert(
    fc.property(date, date, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (a, b, x) => {
      const [first, second] = [newRunId(a, () => x), newRunId(b, () => x)]
      expect(isRunId(first)).toBe(true)
      expect(Math.sign(a.getTime() - b.getTime())).toBe(first === second ? 0 : first < second ? -1 : 1)
    }),
  )
})

test.each(['', '.', '..', '../x', 'a/b', 'a\\b', '.hidden', 'a\0b', 'x'.repeat(200)])('%j names no folder', (text) => {
  expect(isRunId(text)).toBe(false)
})
