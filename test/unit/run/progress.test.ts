import { describe, expect, test } from 'vitest'

import { Progress } from '../../../harness/run/progress.ts'
import type { ProgressState } from '../../../harness/run/progress.ts'
import type { Standing } from '../../../harness/run/protocol.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { intervalOf } from './intervals.ts'

const SECOND = 1_000_000
const standing = (worker: number, more: Partial<Standing> = {}): Standing => ({
  ...{ worker, open: 0, wanted: 0, started: 0, settled: 0, everOpened: 0, ...more },
})

function progressing() {
  const clock = new ManualClock()
  const told: ProgressState[] = []
  return { clock, told, progress: new Progress((state) => told.push(state), clock) }
}

describe('what is told', () => {
  test('sums over workers of what each said last, and all events', () => {
    const { clock, told, progress } = progressing()
    progress.begin('ramp', 10 * SECOND, 20)
    const interval = (worker: number, from: number, to: number, open: number, events: number) =>
      progress.interval(
        intervalOf({ worker, start: from, end: to, open, wanted: 10, counters: { sse_events_received: events } }),
      )
    interval(0, 0, SECOND, 5, 100)
    interval(1, 0, SECOND, 7, 200)
    expect(told.at(-1)).toEqual({
      ...{ phase: 'ramp', open: 12, wanted: 20, eventsPerSecond: 300, events: 300, left: 10 * SECOND },
    })
    clock.advance(SECOND)
    interval(0, SECOND, 3 * SECOND, 6, 100)
    expect(told.at(-1)).toEqual({
      ...{ phase: 'ramp', open: 13, wanted: 20, eventsPerSecond: 250, events: 400, left: 9 * SECOND },
    })
    progress.phase('measure')
    expect(told.at(-1)?.phase).toBe('measure')
  })

  test('time left is never below none', () => {
    const { clock, told, progress } = progressing()
    progress.begin('ramp', SECOND, 1)
    clock.advance(3 * SECOND)
    progress.phase('stop')
    expect(told).toMatchObject([{ left: 0 }])
  })

  test('without a listener it still counts', () => {
    const progress = new Progress(null, new ManualClock())
    progress.interval(
      intervalOf({ worker: 0, start: 0, end: SECOND, open: 1, wanted: 1, started: 4, settled: 3, everOpened: 2 }),
    )
    expect([progress.started, progress.settled, progress.everOpened]).toEqual([4, 3, 2])
  })
})

describe('all done', () => {
  test('when every user of a closed model has come and none wants more', () => {
    const { progress } = progressing()
    progress.begin('measure', SECOND, 4)
    progress.standing(standing(0, { started: 2 }))
    expect(progress.allDone).toBe(false)
    progress.standing(standing(1, { started: 2, wanted: 1 }))
    expect(progress.allDone).toBe(false)
    progress.standing(standing(1, { started: 2 }))
    expect(progress.allDone).toBe(true)
  })

  test('never where the number of users is open', () => {
    const { progress } = progressing()
    progress.begin('measure', SECOND, 0)
    progress.standing(standing(0, { started: 9 }))
    expect(progress.allDone).toBe(false)
  })
})
