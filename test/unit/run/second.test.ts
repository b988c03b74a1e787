import { describe, expect, test } from 'vitest'

import type { Interval } from '../../../harness/run/protocol.ts'
import { addToSecond, newSecond, row, windowOf } from '../../../harness/run/second.ts'
import { loadWarnings, voidReasons } from '../../../harness/run/void-rules.ts'

const SECOND = 1_000_000

interface Part {
  worker?: number
  from: number
  to: number
  open: number
  busy: number
  measured?: boolean
}
function secondOf(...parts: Part[]) {
  const second = newSecond()
  for (const { worker = 0, from, to, open, busy, measured = true } of parts) {
    const [start, end] = [from * SECOND, to * SECOND]
    const openTime = measured ? open * (end - start) : 0
    const load = { utilisation: busy, cpu: busy * (end - start), runDelay: 0, rss: 0, gcPauses: [] }
    const interval = { worker, start, end, open, wanted: open, openTime, wantedTime: openTime, load }
    addToSecond(second, interval as unknown as Interval, measured)
  }
  return second
}

describe('a second with a phase border in it', () => {
  // The last quarter of a measurement, and the stop in which all streams end in a burst of work.
  const border = secondOf(
    { from: 5, to: 5.25, open: 20, busy: 0.2 },
    { from: 5.25, to: 5.35, open: 0, busy: 1, measured: false },
  )

  test('has a window of what was measured of it and no more', () => {
    const window = windowOf(border, 1)
    expect(window).toMatchObject({ span: 0.25 * SECOND, open: 20 })
    expect(window?.utilisation).toBeCloseTo(0.2)
    expect(window?.cores).toBeCloseTo(0.2)
  })

  test('is a whole line in the series', () => {
    const line = row(border, 1)
    expect(line).toMatchObject({ open_streams: Math.round((20 * 0.25) / 0.35) })
    expect(line?.loop_utilisation).toBeCloseTo((0.2 * 0.25 + 0.1) / 0.35)
  })

  test('has no window when nothing of it was measured', () => {
    expect(windowOf(secondOf({ from: 0, to: 1, open: 5, busy: 1, measured: false }), 1)).toBeNull()
    expect(row(newSecond(), 1)).toBeNull()
  })
})

test('a short burst of work does not make a busy second, and the busiest worker counts', () => {
  const burst = secondOf({ from: 0, to: 0.05, open: 1, busy: 1 }, { from: 0.05, to: 1, open: 1, busy: 0.1 })
  expect(windowOf(burst, 1)?.utilisation).toBeCloseTo(0.145)
  const two = secondOf({ from: 0, to: 1, open: 4, busy: 0.3 }, { worker: 1, from: 0, to: 1, open: 5, busy: 0.95 })
  const window = windowOf(two, 2)
  expect(window).toMatchObject({ span: SECOND, open: 9 })
  expect(window?.utilisation).toBeCloseTo(0.95)
})

describe('void rules', () => {
  const window = (span: number, utilisation: number, runDelayRatio = 0) => ({
    ...{ span: span * SECOND, open: 1, utilisation, cores: utilisation, runDelayRatio },
  })
  const rules = (...windows: ReturnType<typeof window>[]) => {
    const quiet = { workers: 1, cores: 4, arrivals: 1, droppedArrivals: 0, clockError: null, clockStep: 0 }
    return voidReasons({ generator: 'node', ...quiet, windows }).map(({ rule }) => rule)
  }

  test('weigh windows by their time', () => {
    // A sixth of the windows, and a hundredth of the time.
    expect(rules(...Array.from({ length: 5 }, () => window(1, 0.2)), window(0.05, 1))).toEqual([])
    // One window of six, in which the worker hung for four seconds.
    expect(rules(...Array.from({ length: 5 }, () => window(1, 0.2)), window(4, 0.95))).toEqual(['loop_utilisation'])
    expect(rules()).toEqual([])
  })

  test('the warning of a wait for a core names the time', () => {
    expect(loadWarnings([window(1, 0.2), window(1, 0.2, 0.1)])).toEqual([])
    expect(loadWarnings([window(3, 0.2), window(1, 0.2, 0.3)])[0]).toContain('in 1.00 s of 4.00 s measured')
  })
})
