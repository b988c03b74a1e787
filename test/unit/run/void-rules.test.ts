import { describe, expect, test } from 'vitest'

import type { LoadWindow } from '../../../harness/run/second.ts'
import type { Circumstances } from '../../../harness/run/void-rules.ts'
import { loadWarnings, voidReasons } from '../../../harness/run/void-rules.ts'

const SECOND = 1_000_000
const window = (changes: Partial<LoadWindow> = {}): LoadWindow => ({
  span: SECOND,
  open: 100,
  utilisation: 0.4,
  cores: 0.4,
  runDelayRatio: 0,
  ...changes,
})
/** So many seconds of a hundred are unlike the others. */
const windows = (count: number, changes: Partial<LoadWindow>): LoadWindow[] =>
  Array.from({ length: 100 }, (_, index) => window(index < count ? changes : {}))
const circumstances = (changes: Partial<Circumstances> = {}): Circumstances => ({
  generator: 'node',
  windows: windows(0, {}),
  workers: 1,
  cores: 2,
  arrivals: 1000,
  droppedArrivals: 0,
  clockError: 40,
  clockStep: 0,
  ...changes,
})
const reasonsOf = (changes: Partial<Circumstances>) => voidReasons(circumstances(changes))

test('how busy the harness is counts from a second of measured time on', () => {
  const busy = { utilisation: 1, cores: 2, runDelayRatio: 1, span: 999_999 }
  expect(reasonsOf({ windows: [window(busy)] })).toEqual([])
  const whole = reasonsOf({ windows: [window({ ...busy, span: 1_000_000 })] })
  expect(whole.map(({ rule }) => rule)).toEqual(['loop_utilisation', 'cpu_wait', 'harness_cpu'])
})

test('a quiet run is not void, nor is one of which nothing is known', () => {
  expect(reasonsOf({})).toEqual([])
  expect(reasonsOf({ windows: [], arrivals: 0, clockError: null })).toEqual([])
})

const CASES: [rule: string, border: Partial<Circumstances>, above: Partial<Circumstances>, remedy: string][] = [
  [
    'loop_utilisation',
    { windows: windows(10, { utilisation: 0.95 }) },
    { windows: windows(11, { utilisation: 0.95 }) },
    'add --workers',
  ],
  [
    'loop_utilisation',
    { windows: windows(100, { utilisation: 0.9 }) },
    { windows: windows(100, { utilisation: 0.9001 }) },
    'lower event rate',
  ],
  [
    'loop_utilisation',
    { windows: windows(10, { utilisation: 1 }) },
    { windows: [...windows(11, { utilisation: 1 }), window({ runDelayRatio: 0.3 })] },
    'waiting for a core',
  ],
  [
    'cpu_wait',
    { windows: windows(10, { runDelayRatio: 0.3 }) },
    { windows: windows(11, { runDelayRatio: 0.3 }) },
    'a core of its own',
  ],
  [
    'cpu_wait',
    { windows: windows(100, { runDelayRatio: 0.2 }) },
    { windows: windows(100, { runDelayRatio: 0.21 }) },
    'a core of its own',
  ],
  [
    'harness_cpu',
    { windows: windows(100, { cores: 0.9 }) },
    { windows: windows(100, { cores: 0.92 }) },
    'add --workers',
  ],
  [
    'harness_cpu',
    { windows: windows(100, { cores: 1.8 }), workers: 4 },
    { windows: windows(100, { cores: 1.82 }), workers: 4 },
    'fewer connections',
  ],
  ['dropped_arrivals', { droppedArrivals: 10 }, { droppedArrivals: 11 }, 'raise --connections'],
  ['clock_offset_error', { clockError: 1000 }, { clockError: 1001 }, 'nearer'],
  ['clock_step', { clockStep: 1000 }, { clockStep: 1001 }, 'wall clock was set'],
  ['clock_step', { clockStep: -1000 }, { clockStep: -1001 }, 'wall clock was set'],
]
describe.each(CASES)('%s', (rule, border, above, remedy) => {
  test('does not hold at its limit', () => {
    expect(reasonsOf(border)).toEqual([])
  })

  test('holds above it, alone, and names the way out', () => {
    const [reason, ...more] = reasonsOf(above)
    expect(reason).toMatchObject({ rule, remedy: expect.stringContaining(remedy) })
    expect(more).toEqual([])
  })
})

test('each rule says what was and what may be', () => {
  const shown = CASES.flatMap(([, , above]) => reasonsOf(above).map(({ actual, limit }) => [actual, limit]))
  expect(shown).toEqual([
    ['above 0.9 in 11.0 % of the measured seconds', '10.0 % of them'],
    ['above 0.9 in 100.0 % of the measured seconds', '10.0 % of them'],
    ['above 0.9 in 10.9 % of the measured seconds', '10.0 % of them'],
    ['waited for a core for over 20.0 % of the time in 11.0 % of the measured seconds', '10.0 % of them'],
    ['waited for a core for over 20.0 % of the time in 100.0 % of the measured seconds', '10.0 % of them'],
    ['0.92 cores', '90.0 % of 1'],
    ['1.82 cores', '90.0 % of 2'],
    ['11 of 1000', '1.0 %'],
    ['1.00 ms', '1.00 ms'],
    ['1.00 ms', '1.00 ms'],
    ['-1.00 ms', '1.00 ms'],
  ])
})

test('of k6 each says so, and its remedy is one that k6 has', () => {
  const reasons = CASES.flatMap(([, , above]) => reasonsOf({ ...above, generator: 'k6' }))
  expect(reasons.map(({ rule }) => rule)).toEqual(CASES.map(([rule]) => rule))
  for (const { actual, remedy } of reasons) {
    expect(actual).toMatch(/^k6: /)
    expect(remedy).not.toMatch(/--workers|--connections|--stream-duration/)
  }
  const [dropped] = reasonsOf({ generator: 'k6', droppedArrivals: 500 })
  expect(dropped?.remedy).toContain('maxVUs')
})

test('a run may be void for several reasons', () => {
  const rules = reasonsOf({ droppedArrivals: 500, clockError: 5000, clockStep: 5000 }).map(({ rule }) => rule)
  expect(rules).toEqual(['dropped_arrivals', 'clock_offset_error', 'clock_step'])
})

test('CPU counts by time: a short full window does not fill the run', () => {
  const short = window({ cores: 80, span: SECOND / 100 })
  expect(reasonsOf({ windows: [...windows(0, {}), short] })).toEqual([])
})

test('what cannot be known of the wait for a core warns of nothing', () => {
  expect(loadWarnings([window({ runDelayRatio: null })])).toEqual([])
  expect(loadWarnings([window({ runDelayRatio: 0.2 })])).toEqual([])
  expect(loadWarnings([window({ runDelayRatio: 0.21 }), window()])).toEqual([
    'in 1.00 s of 2.00 s measured the harness waited for a core for more than 20 % of the time; latencies include that',
  ])
})
