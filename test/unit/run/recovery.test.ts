import { expect, test } from 'vitest'

import { recoveryOf } from '../../../harness/run/recovery.ts'

const times = (count: number, from: number) => Array.from({ length: count }, (_, i) => from + i)

test('the stream that makes it 99 % decides, whichever worker it is on', () => {
  const hits = [
    { affected: 100, recoveredAt: times(100, 2000) },
    { affected: 100, recoveredAt: times(100, 5000) },
  ]
  // 198 of 200: the 98th of the slower worker.
  expect(recoveryOf(hits, 1000, 9000)).toEqual({ duration: 5097 - 1000, censored: false })
})

test('with fewer than 99 % back it lasts at least until the run ends', () => {
  expect(recoveryOf([{ affected: 100, recoveredAt: times(98, 2000) }], 1000, 9000)).toEqual({
    duration: 8000,
    censored: true,
  })
})

test('of one stream that one decides', () => {
  expect(recoveryOf([{ affected: 1, recoveredAt: [1500] }], 1000, 9000)).toEqual({ duration: 500, censored: false })
  expect(recoveryOf([{ affected: 1, recoveredAt: [] }], 1000, 9000)).toEqual({ duration: 8000, censored: true })
})

test('a fault that hit nothing has no recovery', () => {
  expect(recoveryOf([{ affected: 0, recoveredAt: [] }], 1000, 9000)).toBeNull()
  expect(recoveryOf([], 1000, 9000)).toBeNull()
})

test('a stream may be back before the server has said that it ended them all', () => {
  expect(recoveryOf([{ affected: 1, recoveredAt: [900] }], 1000, 9000)).toEqual({ duration: 0, censored: false })
})
