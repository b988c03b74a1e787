import { expect, test } from 'vitest'

import { Ending } from '../../../harness/run/ending.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function ending(targetGone: Promise<void> | null = null, controller = new AbortController()) {
  const clock = new ManualClock()
  return { clock, controller, ending: new Ending(clock, controller.signal, targetGone) }
}

test('a pause lasts as long as it is asked to, and leaves no timer', async () => {
  const { clock, ending: end } = ending()
  let isOver = false
  const pause = end.pause(1000).then(() => {
    isOver = true
  })
  clock.advance(999)
  await Promise.resolve()
  expect([isOver, clock.armed]).toEqual([false, 1])
  clock.advance(1)
  await pause
  expect([end.isOver, clock.armed]).toEqual([false, 0])
})

test('being asked to ends the pause that is on, and every later one', async () => {
  const { clock, controller, ending: end } = ending()
  const pause = end.pause(1e9)
  controller.abort()
  await pause
  expect([end.isOver, clock.armed]).toEqual([true, 0])
  await end.pause(1e9)
  expect(clock.armed).toBe(0)
})

test('so does a target that is gone', async () => {
  let gone = (): void => {}
  const { clock, ending: end } = ending(new Promise<void>((resolve) => (gone = resolve)))
  const pause = end.pause(1e9)
  expect(end.isOver).toBe(false)
  gone()
  await pause
  expect([end.isOver, clock.armed]).toEqual([true, 0])
})

test('asked before it began, it is over from the start', () => {
  const controller = new AbortController()
  controller.abort()
  expect(ending(null, controller).ending.isOver).toBe(true)
})

test('no pause is no wait', async () => {
  const { clock, ending: end } = ending()
  await end.pause(0)
  await end.pause(-5)
  expect([end.isOver, clock.armed]).toEqual([false, 0])
})
