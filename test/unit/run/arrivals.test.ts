import { expect, test } from 'vitest'

import { Arrivals } from '../../../harness/run/arrivals.ts'
import type { UserSpec } from '../../../harness/run/protocol.ts'
import { ManualClock, START } from '../../support/manual-clock.ts'

const users = (...due: number[]): UserSpec[] =>
  due.map((at, stream) => ({ stream, dueAt: START + at, profile: 'steady' }))

function arriving(due: number[], onStart: (user: UserSpec, arrivals: () => Arrivals) => void = () => {}) {
  const clock = new ManualClock()
  const started: [stream: number, at: number][] = []
  const arrivals: Arrivals = new Arrivals(users(...due), clock, (user) => {
    started.push([user.stream, clock.now() - START])
    onStart(user, () => arrivals)
  })
  return { clock, started, arrivals }
}

test('everyone starts when due', () => {
  const { clock, started, arrivals } = arriving([0, 10, 10, 500])
  clock.advance(100)
  expect(started).toEqual([
    [0, 0],
    [1, 10],
    [2, 10],
  ])
  expect(arrivals.come).toBe(3)
  clock.advance(400)
  expect(started.at(-1)).toEqual([3, 500])
  expect(clock.armed).toBe(0)
})

test('a late start moves no later one', () => {
  const { clock, started } = arriving([0, 100, 200, 300])
  clock.stall(250)
  clock.advance(1000)
  expect(started).toEqual([
    [0, 250],
    [1, 250],
    [2, 250],
    [3, 300],
  ])
})

test('no one comes after the stop', () => {
  const { clock, started, arrivals } = arriving([0, 100])
  clock.advance(50)
  arrivals.stop()
  arrivals.stop()
  clock.advance(1000)
  expect([started.length, arrivals.come, clock.armed]).toEqual([1, 1, 0])
})

test('nor when a start itself stops it', () => {
  const { clock, started, arrivals } = arriving([0, 0, 100], (_, itself) => itself().stop())
  clock.advance(1000)
  expect([started.length, arrivals.come, clock.armed]).toEqual([1, 1, 0])
})

test('of none, nothing is awaited', () => {
  const { clock, arrivals } = arriving([])
  clock.advance(1)
  expect([arrivals.come, clock.armed]).toEqual([0, 0])
})
