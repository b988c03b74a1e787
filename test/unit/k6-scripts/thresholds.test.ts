import { describe, expect, it } from 'vitest'

import { below, thresholdsFor } from '../../../k6-scripts/lib/thresholds.ts'

const WANTED = {
  checks: ['rate==1'],
  dropped_iterations: ['count==0'],
  sse_event: ['count>0'],
  'sse_worst_gap{reader:steady}': ['max<1000'],
  sse_events_lost: ['count==0'],
  'sse_events_lost{reader:steady}': ['count==0'],
  sse_delivery_latency: ['p(95)<100'],
}

describe('thresholds', () => {
  it('are all judged on our module', () => {
    expect(thresholdsFor('0.1.0', WANTED)).toEqual(WANTED)
  })

  it('leave out on xk6-sse what nobody measures there, tagged or not: k6 would refuse to start', () => {
    expect(Object.keys(thresholdsFor(undefined, WANTED))).toEqual([
      'checks',
      'dropped_iterations',
      'sse_event',
      'sse_worst_gap{reader:steady}',
    ])
  })

  it('keep there what the script measures by itself', () => {
    const judged = thresholdsFor(undefined, WANTED, ['sse_events_lost'])
    expect(judged).toMatchObject({ sse_events_lost: ['count==0'], 'sse_events_lost{reader:steady}': ['count==0'] })
    expect(judged).not.toHaveProperty('sse_delivery_latency')
  })

  it('do not let a Trend without values pass', () => {
    // k6 has 0 for every aggregate of such a Trend, which is below any limit.
    expect(below(1000)).toEqual(['p(95)<1000', 'max>0'])
    expect(below(250, 'max')).toEqual(['max<250', 'max>0'])
  })
})
