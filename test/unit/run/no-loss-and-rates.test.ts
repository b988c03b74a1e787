import { describe, expect, test } from 'vitest'

import { HistogramSet } from '../../../harness/measure/histogram-set.ts'
import type { CollectedPhase } from '../../../harness/run/collector.ts'
import { measuredCounts } from '../../../harness/run/metrics.ts'
import { thresholdVerdicts } from '../../../harness/run/threshold-verdicts.ts'
import { defaultVerdicts } from '../../../harness/run/verdicts.ts'
import { ledger } from '../../fixtures/records/parts.ts'

describe('events that had not come when the wait was over', () => {
  const noLoss = (overdue: number, lost = 0) =>
    defaultVerdicts({
      users: 1,
      everOpened: 1,
      ledger: { ...ledger(), lost, dropped: 0, droppedFromSteady: 0 },
      overdue,
      unexpectedEnds: 0,
      ends: {},
      stillLost: 0,
      losses: 0,
      targetAlive: true,
    }).find(({ name }) => name === 'no_loss')

  test('may be late or lost: no_loss neither passes nor fails', () => {
    expect(noLoss(3)).toMatchObject({ status: 'inconclusive', actual: '0 and 3 overdue' })
    expect(noLoss(3)?.why).toContain('--settle')
  })

  test('a loss beside them fails all the same', () => {
    expect(noLoss(3, 1)).toMatchObject({ status: 'fail', actual: '1' })
  })

  test('none of them passes', () => {
    expect(noLoss(0)).toMatchObject({ status: 'pass' })
  })
})

describe('rates', () => {
  const phase = (measured: boolean, received: number): CollectedPhase => {
    const set = new HistogramSet()
    set.counters.sse_events_received += received
    return { name: '', kind: 'measure', measured, start: 0, end: 1, set, openTime: 0, wantedTime: 0, counts: [] }
  }
  const phases = [phase(false, 500), phase(true, 900), phase(true, 100), phase(false, 70)]
  const metrics = {
    sse_events_received: { kind: 'counter' as const, value: 1570 },
    sse_events_lost: { kind: 'counter' as const, value: 20 },
  }
  const actualOf = (text: string) => thresholdVerdicts([text], metrics, 10, measuredCounts(phases))[0]?.actual

  test('count what came in measured time, as their seconds do', () => {
    expect(actualOf('sse_events_received: rate>0')).toBe('100')
  })

  test('a count is of the whole run', () => {
    expect(actualOf('sse_events_received: count>0')).toBe('1,570')
  })

  test('of what is only known of the whole run, all of it', () => {
    expect(measuredCounts(phases)).not.toHaveProperty('sse_events_lost')
    expect(actualOf('sse_events_lost: rate>0')).toBe('2')
  })
})
