import fc from 'fast-check'
import { expect, test } from 'vitest'

import { quantileOf } from '../../../harness/histogram/percentiles.ts'
import { HistogramSet } from '../../../harness/measure/histogram-set.ts'
import { Collector } from '../../../harness/run/collector.ts'
import { runMetrics } from '../../../harness/run/metrics.ts'
import { START } from '../../support/manual-clock.ts'
import { intervalOf } from '../../unit/run/intervals.ts'

const SECOND = 1_000_000
const SECONDS = 5
const sample = fc.record({
  value: fc.oneof(fc.nat({ max: 3000 }), fc.nat({ max: 20_000_000 }), fc.constant(4_000_000_000)),
  censored: fc.boolean(),
  worker: fc.nat({ max: 3 }),
  second: fc.nat({ max: SECONDS - 1 }),
})

/** Samples as they come in from so many workers, by second, the seconds of one worker in order. */
function collect(workers: number, samples: readonly (typeof sample extends fc.Arbitrary<infer T> ? T : never)[]) {
  const collector = new Collector(workers, () => START, null)
  collector.beginPhase('steady', 'measure', true, START)
  for (let second = 0; second < SECONDS; second += 1)
    for (let worker = 0; worker < workers; worker += 1) {
      const mine = samples.filter((s) => s.second === second && s.worker % workers === worker)
      const of = (censored: boolean) => mine.filter((s) => s.censored === censored).map(({ value }) => value)
      const [start, end] = [START + second * SECOND, START + (second + 1) * SECOND]
      collector.add(
        intervalOf({
          ...{ worker, start, end, open: 1, counters: { sse_events_received: mine.length } },
          exact: { sse_event_gap: of(false), sse_outage_duration: of(false) },
          censored: { sse_event_gap: of(true), sse_outage_duration: of(true) },
        }),
      )
    }
  collector.endPhases(START + SECONDS * SECOND)
  collector.finish()
  return collector
}

test('several workers and intervals come to the percentiles of one process with all samples', () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 120 }), fc.integer({ min: 1, max: 4 }), (samples, workers) => {
      const one = new HistogramSet()
      for (const { value, censored } of samples)
        (censored ? one.censored('sse_event_gap') : one.exact('sse_event_gap')).record(value)
      const { set } = collect(workers, samples).phases.at(0)!
      const [exact, censored] = [set.exact('sse_event_gap'), set.censored('sse_event_gap')]
      expect(exact.totals).toEqual(one.exact('sse_event_gap').totals)
      expect(censored.totals).toEqual(one.censored('sse_event_gap').totals)
      for (const q of [0.01, 0.5, 0.9, 0.99, 0.999, 1])
        expect(quantileOf(exact, censored, q)).toEqual(
          quantileOf(one.exact('sse_event_gap'), one.censored('sse_event_gap'), q),
        )
    }),
  )
})

test('the metrics of a run do not depend on how many workers it had', () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 80 }), fc.integer({ min: 2, max: 4 }), (samples, workers) => {
      const metricsOf = (count: number) => runMetrics(collect(count, samples), 50, null, 0, null)
      const { sse_outage_duration: ours, sse_events_received: events, sse_overflow: overflow } = metricsOf(workers)
      expect(ours).toEqual(metricsOf(1)['sse_outage_duration'])
      expect(events).toEqual({ kind: 'counter', value: samples.length })
      expect(overflow).toEqual({ kind: 'counter', value: 2 * samples.filter(({ value }) => value > 3.6e9).length })
    }),
    { numRuns: 50 },
  )
})

test('every event is in the series once', () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (samples, workers) => {
      const { events_per_second: events, open_streams: open } = collect(workers, samples).series().columns
      expect(events).toEqual(Array.from({ length: SECONDS }, (_, at) => samples.filter((s) => s.second === at).length))
      expect(open).toEqual(Array.from({ length: SECONDS }, () => workers))
    }),
    { numRuns: 50 },
  )
})
