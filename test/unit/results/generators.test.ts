import { describe, expect, test } from 'vitest'

import type { HistogramMetric, Metrics, RunRecord } from '../../../harness/model/record.ts'
import { formatCount, formatDuration } from '../../../harness/model/units.ts'
import type { Cell, Section } from '../../../harness/results/view.ts'
import { noteOf, sentenceOf, textOf, toneOf, viewOf } from '../../../harness/results/view.ts'
import { comparedOf, generatorText, halvesOf } from '../../../harness/results/view/halves.ts'
import { sampleRecord } from '../../fixtures/records/sample.ts'
import { VARIANTS } from '../../fixtures/records/variants.ts'

type K6 = NonNullable<RunRecord['generators']['k6']>

const BOTH = VARIANTS.both()
const ALONE = VARIANTS.k6Alone()

const sectionOf = (record: RunRecord, id: string): Section | undefined =>
  viewOf(record).sections.find((section) => section.id === id)

/** Node's cell and k6's cell of a row. */
function cells(record: RunRecord, label: string, id = 'generators'): [Cell, Cell] {
  const table = sectionOf(record, id)?.blocks.find(({ kind }) => kind === 'table')
  if (table?.kind !== 'table') throw new Error(`no table in ${id}`)
  const [, node, k6] = table.rows.find(([first]) => textOf(first ?? '') === label) ?? []
  if (node === undefined || k6 === undefined) throw new Error(`no row ${label}`)
  return [node, k6]
}
const texts = (record: RunRecord, label: string) => cells(record, label).map(textOf)
const said = (record: RunRecord, id: string) =>
  (sectionOf(record, id)?.blocks ?? []).flatMap((block) => (block.kind === 'paragraph' ? [block.text] : []))

/** The record with another k6, and what of its measured phase is changed. */
function withK6(change: Partial<K6>, measured: (metrics: Metrics) => Metrics = (metrics) => metrics): RunRecord {
  const { k6 } = BOTH.generators
  if (k6 === undefined) throw new Error('no k6')
  const phases = { ...k6.phases, 'k6/measure': measured(k6.phases['k6/measure'] ?? {}) }
  return { ...BOTH, generators: { ...BOTH.generators, k6: { ...k6, phases, ...change } } }
}
const without =
  (...names: string[]) =>
  (metrics: Metrics): Metrics =>
    Object.fromEntries(Object.entries(metrics).filter(([name]) => !names.includes(name)))
const withVerdict = (status: 'pass' | 'fail' | 'inconclusive' | null): RunRecord => ({
  ...BOTH,
  verdicts: BOTH.verdicts.flatMap((verdict) =>
    verdict.name !== 'generators_agree' ? [verdict] : status === null ? [] : [{ ...verdict, status }],
  ),
})

function histogram(metrics: Metrics | undefined, key: string): HistogramMetric {
  const metric = metrics?.[key]
  if (metric?.kind !== 'histogram') throw new Error(key)
  return metric
}

describe('two generators side by side', () => {
  const { node, k6 } = BOTH.generators
  const halves = [node?.phases['steady'], k6?.phases['k6/measure']]

  test.each([
    ['Delivery latency p50', 'sse_delivery_latency', 'p50'],
    ['Delivery latency p90', 'sse_delivery_latency', 'p90'],
    ['Delivery latency p99', 'sse_delivery_latency', 'p99'],
    ['Delivery latency max', 'sse_delivery_latency', 'max'],
    ['Transit latency p50', 'sse_transit_latency', 'p50'],
    ['Staleness p50', 'sse_staleness', 'p50'],
    ['Own queueing p99', 'harness_queue_delay', 'p99'],
  ] as const)('%s is that of the measured phase of each', (label, key, quantile) => {
    expect(texts(BOTH, label)).toEqual(
      halves.map((metrics) => formatDuration(histogram(metrics, key)[quantile] ?? NaN)),
    )
  })

  test('counts are those of the phase, the books those of each generator', () => {
    expect(texts(BOTH, 'Events received')).toEqual([199_960, 358_200].map(formatCount))
    // 199,960 in 40 s on 500 streams, 358,200 in 30 s on 1,200.
    expect(texts(BOTH, 'Events per stream and second')).toEqual(['10', '9.95'])
    expect(texts(BOTH, 'Own CPU, cores in the busiest second')).toEqual(['0.61', '0.93'])
    expect(texts(BOTH, 'Lost')).toEqual(['0', '7'])
    expect(toneOf(cells(BOTH, 'Lost')[1])).toBe('bad')
    expect(texts(BOTH, 'Duplicates')).toEqual(['0', '0'])
  })

  test('connecting is told of the streams that were measured, from set-up to stop, and of no others', () => {
    expect(texts(BOTH, 'Connections opened')).toEqual(['500', '1,200'])
    expect(texts(BOTH, 'Connections failed')).toEqual(['2', '2'])
    expect(texts(BOTH, 'Headers p50')).toEqual(
      [node?.phases['set-up'], k6?.phases['k6/set-up']].map((metrics) =>
        formatDuration(histogram(metrics, 'sse_headers_duration').p50 ?? NaN),
      ),
    )
    // In the set-up alone the median is lower: a fifth of the first events came after it.
    const early = histogram(node?.phases['set-up'], 'sse_first_event_duration').p50 ?? NaN
    const half = halvesOf(BOTH).node
    const whole = half === null ? null : comparedOf(half, BOTH.phases, 'steady')?.life('sse_first_event_duration')
    if (whole?.kind !== 'histogram') throw new Error('no first events')
    expect([whole.count, whole.independent]).toEqual([500, 500])
    expect(whole.p50).toBeGreaterThan(early)
    expect(texts(BOTH, 'First event p50')[0]).toBe(formatDuration(whole.p50 ?? NaN))
  })

  test('streams that never had an event are not left out: they make a lower bound', () => {
    expect(texts(BOTH, 'First event p99')[1]).toBe('>= 40.0 s')
  })

  test('what the percentiles lack is marked as everywhere', () => {
    expect(texts(BOTH, 'Worst gap of a stream p99')).toEqual(['n/a', '>= 900 ms'])
    expect(cells(BOTH, 'Worst gap of a stream p99').map(noteOf)[0]).toBe('needs 1,000 independent samples, has 500')
    for (const cell of cells(BOTH, 'Delivery latency p99')) expect(noteOf(cell)).toContain('client-bound')
    for (const cell of cells(BOTH, 'Delivery latency p90')) expect(noteOf(cell)).toBeUndefined()
  })

  test('says what is compared with what, and whether the two agree', () => {
    expect(said(BOTH, 'generators')[0]).toContain(
      'Node harness in its phase steady (40.0 s), beside k6 in its phase k6/measure (30.0 s)',
    )
    const agreement = BOTH.verdicts.find(({ name }) => name === 'generators_agree')
    expect(said(BOTH, 'generators').slice(1)).toEqual([
      'generators_agree: pass',
      `Expected: ${agreement?.expected}. Was: ${agreement?.actual}. Why: ${agreement?.why}.`,
    ])
    expect(said(withVerdict(null), 'generators').slice(1)).toEqual(['Whether the two agree was not judged.'])
  })
})

describe('what a generator does not have', () => {
  test('is a dash, with the reason where it is known', () => {
    const record = withK6(
      { ledger: null, metrics: {} },
      without('sse_delivery_latency', 'sse_staleness', 'sse_open_streams', 'harness_queue_delay'),
    )
    const ofK6 = (label: string) => {
      const [, cell] = cells(record, label)
      return [textOf(cell), noteOf(cell)]
    }
    expect(ofK6('Staleness p50')).toEqual(['-', undefined])
    expect(ofK6('Own queueing p99')).toEqual(['-', undefined])
    expect(ofK6('Own CPU, cores in the busiest second')).toEqual(['-', undefined])
    expect(ofK6('Delivery latency p50')).toEqual(['-', undefined])
    expect(ofK6('Events per stream and second')).toEqual(['-', 'how many streams were open is not known'])
    expect(ofK6('Lost')).toEqual(['-', 'not every stream was accounted for'])
    // And the other one keeps its own.
    expect(texts(record, 'Lost')[0]).toBe('0')
  })

  test('for want of a clock is told so, and only where a clock is needed', () => {
    const clock = { common: false, offsetUs: null, errorUs: null, stepUs: 0 }
    const none = withK6({}, without('sse_delivery_latency', 'sse_staleness'))
    const record = { ...none, environment: { ...none.environment, clock } }
    expect(noteOf(cells(record, 'Delivery latency p99')[1])).toBe('no clock in common with the target')
    expect(noteOf(cells(record, 'Staleness p50')[1])).toBeUndefined()
  })

  test('a ledger that cannot tell says why', () => {
    const { ledger } = BOTH
    if (ledger === null) throw new Error('no ledger')
    const record = withK6({ ledger: { ...ledger, lost: null, why: 'events carry no sequence' } })
    const [, cell] = cells(record, 'Lost')
    expect([textOf(cell), noteOf(cell)]).toEqual(['-', 'events carry no sequence'])
  })

  test('without a phase to compare there is no figure of a phase, and nothing is taken from the whole run', () => {
    const [, events] = cells(VARIANTS.k6(), 'Events received')
    expect([textOf(events), noteOf(events)]).toEqual(['-', 'no single measured phase to compare'])
    expect(textOf(cells(VARIANTS.k6(), 'Delivery latency p50')[1])).toBe('-')
    expect(said(VARIANTS.k6(), 'generators')[0]).toContain('k6, of which no single measured phase could be taken')
  })

  test('of several measured phases none is picked by chance', () => {
    const half = halvesOf(BOTH).node
    if (half === null) throw new Error('no node')
    expect(comparedOf(half, BOTH.phases, 'steady')?.phase.name).toBe('steady')
    expect(comparedOf(half, BOTH.phases, 'another')).toBeNull()
    const only = sampleRecord()
    const single = halvesOf(only).node
    expect(single === null ? null : comparedOf(single, only.phases, 'steady')?.phase.name).toBe('measure')
  })
})

describe('beside the table', () => {
  test('one generator alone has no comparison, but is named', () => {
    for (const record of [sampleRecord(), ALONE])
      for (const id of ['generators', 'k6']) expect(sectionOf(record, id)).toBeUndefined()
    const loadBy = (record: RunRecord) => {
      const table = sectionOf(record, 'environment')?.blocks[0]
      return table?.kind === 'table' ? table.rows.find(([name]) => name === 'Load by')?.[1] : undefined
    }
    expect(loadBy(sampleRecord())).toBe('Node harness')
    expect(loadBy(ALONE)).toBe('k6 v1.3.0, script k6-scripts/steady.ts')
    expect(loadBy(BOTH)).toBe('Node harness and k6 v1.3.0, script k6-scripts/bench.ts')
    const facts = (record: RunRecord) => viewOf(record).facts.find(({ name }) => name === 'Load by')?.value
    expect([sampleRecord(), ALONE].map(facts)).toEqual([undefined, 'k6 v1.3.0, script k6-scripts/steady.ts'])
  })

  test('a version that is known in part is told in part', () => {
    expect(generatorText(VARIANTS.k6())).toBe('Node harness and k6')
    expect(generatorText(VARIANTS.bare())).toBeNull()
    expect(generatorText({ ...ALONE, generators: { k6: { metrics: {}, phases: {}, version: 'k6 v2' } } })).toBe('k6 v2')
  })

  test('what k6 counted stands in a section of its own', () => {
    const blocks = sectionOf(BOTH, 'k6')?.blocks ?? []
    const rows = blocks.flatMap((block) => (block.kind === 'table' ? block.rows.map((row) => row.map(textOf)) : []))
    expect(rows.find(([name]) => name === 'stopped')?.[1]).toBe('1,200')
    expect(rows.find(([name]) => name === 'connect-timeout')?.[1]).toBe('2')
    expect(rows.find(([name]) => name === 'received')?.[1]).toBe('121,000')
  })

  test("phases stand in the order of time, each with its own generator's figures", () => {
    const table = sectionOf({ ...BOTH, phases: BOTH.phases.toReversed() }, 'phases')?.blocks[0]
    if (table?.kind !== 'table') throw new Error('no phases')
    expect(table.rows.map(([name]) => textOf(name ?? ''))).toEqual(BOTH.phases.map(({ name }) => name))
    const p50 = (phase: string) => textOf(table.rows.find(([name]) => name === phase)?.[5] ?? '')
    const delivery = histogram(BOTH.generators.k6?.phases['k6/measure'], 'sse_delivery_latency')
    expect(p50('k6/measure')).toBe(formatDuration(delivery.p50 ?? NaN))
    expect(p50('steady')).not.toBe(p50('k6/measure'))
  })

  test('a metric that only k6 has keeps its kind', () => {
    const record = withK6({ metrics: { sse_dropped_arrivals: { kind: 'counter', value: 3 } } })
    const table = sectionOf(record, 'measured')?.blocks[0]
    const row = table?.kind === 'table' ? table.rows.find(([name]) => name === 'sse_dropped_arrivals') : undefined
    expect(row?.[1]).toBe('counter')
  })

  test('k6 has no event loop, so its line is not called one', () => {
    const names = (record: RunRecord) =>
      (sectionOf(record, 'series')?.blocks ?? []).flatMap((block) =>
        block.kind === 'chart' && block.title === 'Load of the harness' ? [block.lines[0]?.name] : [],
      )
    expect([sampleRecord(), BOTH, ALONE].map((record) => names(record)[0])).toEqual([
      'event loop',
      'event loop, cores of k6',
      'cores of k6',
    ])
  })
})

describe('the sentence', () => {
  test('says of both what each found, and whether they agree', () => {
    expect(sentenceOf(withVerdict('fail'))).toContain('; k6 disagrees (holds 1,200 streams, 7 of 121,007 events lost, ')
    expect(sentenceOf(withVerdict('inconclusive'))).toContain('; whether k6 agrees is undecided (holds 1,200 streams, ')
    expect(sentenceOf(withVerdict(null))).toContain('; k6 beside it (holds 1,200 streams, ')
  })

  test('does not say that k6 holds what it did not open', () => {
    const verdicts = BOTH.verdicts.filter(({ name }) => name !== 'k6/all_connected')
    expect(sentenceOf({ ...BOTH, verdicts })).toContain('k6 agrees (at most 1,200 streams open at once, ')
  })

  test('k6 with nothing to tell adds nothing', () => {
    const nothing = withK6({ metrics: {}, ledger: null, failures: {} })
    expect(sentenceOf(nothing)).toContain('; k6 agrees; server clean.')
    const verdicts = nothing.verdicts.filter(({ name }) => name !== 'generators_agree')
    expect(sentenceOf({ ...nothing, verdicts })).not.toMatch(/k6 (?!\/)/)
  })

  test('of a script without a stream claims no stream', () => {
    const record: RunRecord = {
      ...ALONE,
      metrics: {},
      generators: { k6: { metrics: {}, phases: {} } },
      ledger: null,
      failures: {},
    }
    expect(sentenceOf(record)).toBe('Pass: no event stream was measured.')
  })
})
