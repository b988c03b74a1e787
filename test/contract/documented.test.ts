import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

import { reconcile } from '../../harness/measure/reconcile.ts'
import { END_REASONS, FAILURES } from '../../harness/model/ends.ts'
import { EXIT } from '../../harness/model/exit-codes.ts'
import { METRICS } from '../../harness/model/metric.ts'
import { PlanInputSchema } from '../../harness/model/plan.ts'
import { RunRecordSchema, RUN_SCHEMA } from '../../harness/model/record.ts'
import { VERDICT_NAMES } from '../../harness/model/verdicts.ts'
import { BENCH_PROFILES } from '../../harness/run/bench-profiles.ts'
import { voidReasons } from '../../harness/run/void-rules.ts'
import { usage } from '../../server/options.ts'

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/contract.md'), 'utf8')

/** The text of one chapter, its sub-chapters included. */
function chapter(title: string): string {
  const start = page.indexOf(`\n## ${title}\n`)
  expect(start, `docs/contract.md has no chapter "${title}"`).toBeGreaterThan(0)
  const end = page.indexOf('\n## ', start + 1)
  return page.slice(start, end < 0 ? undefined : end)
}

/** Everything in back-quotes in the first column of the tables of a chapter. */
function firstColumn(title: string): string[] {
  const rows = chapter(title).matchAll(/^\|([^|]*)\|/gm)
  return [...rows].flatMap(([, cell]) => [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ''))
}

const sorted = (names: Iterable<string>) => [...names].toSorted((a, b) => a.localeCompare(b))
const expectSame = (documented: Iterable<string>, real: Iterable<string>) =>
  expect(sorted(documented)).toEqual(sorted(real))

interface JsonSchema {
  properties?: Record<string, JsonSchema>
  anyOf?: JsonSchema[]
  default?: unknown
}

/** Paths of the plan's keys; an object that may be left out (null) is one key. */
function planKeys(schema: JsonSchema, prefix = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
    inner.properties === undefined ? [prefix + name] : planKeys(inner, `${prefix}${name}.`),
  )
}

describe('docs/contract.md', () => {
  it('has every metric and no other', () => {
    expectSame(firstColumn('Metrics'), Object.keys(METRICS))
  })

  it('says of histograms what their independent samples are', () => {
    for (const [name, spec] of Object.entries(METRICS)) {
      if (spec.kind !== 'histogram') continue
      const row = chapter('Metrics')
        .split('\n')
        .find((line) => line.includes(`\`${name}\``))
      expect(row).toMatch(new RegExp(`\\| ${spec.independent} +\\|$`))
    }
  })

  it('has every verdict and no other', () => {
    expectSame(firstColumn('Verdicts'), VERDICT_NAMES)
  })

  it('has every exit code and no other', () => {
    const codes = [...chapter('Exit codes').matchAll(/^\| +(\d+) \|/gm)].map(([, code]) => code ?? '')
    expectSame(new Set(codes), new Set(Object.values(EXIT).map(String)))
  })

  it('has every reason of an end and of a failure', () => {
    expectSame(firstColumn('Ends and failures'), [...Object.keys(END_REASONS), ...Object.keys(FAILURES)])
  })

  it('tells which failures are final', () => {
    const rows = chapter('Ends and failures').matchAll(/^\| `([a-z-]+)` +\| (yes| {3}) +\|/gm)
    const final = [...rows].filter(([, , mark]) => mark === 'yes').map(([, name]) => name ?? '')
    expectSame(
      final,
      Object.entries(FAILURES)
        .filter(([, failure]) => failure.final)
        .map(([name]) => name),
    )
  })

  it('has every key of a plan and no other', () => {
    const schema = z.toJSONSchema(PlanInputSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
    expectSame(firstColumn('Plan file'), planKeys(schema))
  })

  it('has every key of the record and no other', () => {
    expectSame(firstColumn('Run record'), [
      ...Object.keys(RunRecordSchema.shape),
      ...Object.keys(RunRecordSchema.shape.ledger.unwrap().shape),
    ])
    expect(chapter('Run record')).toContain(RUN_SCHEMA)
  })

  it('has every kind of metric with all its keys, in their order', () => {
    // `{kind: "counter", value}` -> "kind counter value"
    const items = [...chapter('Run record').matchAll(/^- `\{(kind: .*)\}`/gm)]
    const documented = items.map(([, text]) =>
      (text ?? '').replaceAll(/unit: "us"/g, 'unit').replaceAll(/[^A-Za-z0-9]+/g, ' '),
    )
    const shapes = RunRecordSchema.shape.metrics.valueType.options.map((option) => option.shape)
    expectSame(
      documented,
      shapes.map(({ kind, ...rest }) => ['kind', kind.value, ...Object.keys(rest)].join(' ')),
    )
  })

  it('has the sums of the ledger in the words of the record', () => {
    const books = { instance: '', heads: new Map(), paused: true, connections: new Map(), forgotten: 0 }
    const { identities } = reconcile([], books, true)
    const items = [...chapter('Run record').matchAll(/^- (by .*)$/gm)].map(([, item]) => item ?? '')
    expectSame(
      items,
      identities.map(({ name, left, right }) => `${name}: ${left} = ${right}`),
    )
  })

  it('has every rule that makes a run void', () => {
    const window = { span: 1_000_000, open: 1, utilisation: 1, cores: 9, runDelayRatio: 1 }
    const reasons = voidReasons({
      generator: 'node',
      windows: [window],
      workers: 1,
      cores: 1,
      arrivals: 1,
      droppedArrivals: 1,
      clockError: 1e9,
      clockStep: 1e9,
    })
    expectSame(
      firstColumn('Void runs'),
      reasons.map(({ rule }) => rule),
    )
  })

  it('has every metric that a threshold of a k6 script can name', () => {
    const goSource = (name: string) =>
      readFileSync(path.resolve(import.meta.dirname, '../../k6-scripts/extension', name), 'utf8')
    const within = (text: string, opening: string) => text.slice(text.indexOf(opening)).split('}')[0] ?? ''
    const counters = within(goSource('module/metrics.go'), 'counterNames = []string{').matchAll(/"(\w+)"/g)
    const keys = new Map(
      [...goSource('record/metrics.go').matchAll(/(key\w+)\s+HistogramKey = "(\w+)"/g)].map(([, key, name]) => [
        key,
        name,
      ]),
    )
    const tapped = within(goSource('record/tap.go'), 'keys := []HistogramKey{').matchAll(/key[A-Z]\w+/g)
    const real = [
      ...[...counters].map(([, name]) => name),
      ...[...tapped].map(([key]) => keys.get(key)),
      'sse_open_streams',
    ]
    expect(real.length).toBeGreaterThan(20)
    const lines = chapter('Thresholds').split('\n')
    const told = lines.filter((line) => /^(k6 knows|- as (counters|trends|a gauge)) `?/.test(line)).join('\n')
    // "`sse_connect_duration`, ... and their `_uncorrected`"
    const [before = '', after = ''] = told.split(' and their `_uncorrected`')
    const names = (text: string) => [...text.matchAll(/`(sse_\w+)`/g)].map(([, name]) => name ?? '')
    const paired = names(before.slice(before.lastIndexOf('- as trends'))).map((name) => `${name}_uncorrected`)
    expectSame(
      [...names(before), ...paired, ...names(after)],
      real.map((name) => name ?? ''),
    )
  })

  it('has every option of the reference server', () => {
    const options = firstColumn('Reference server').filter((name) => name.startsWith('--'))
    const real = [...usage().matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, name]) => name ?? '')
    expectSame(
      options,
      real.filter((name) => name !== '--help'),
    )
  })

  it('has the time that each part of a bench profile may take', () => {
    const written = page
      .split('\n')
      .filter((line) => /^\| `(smoke|standard|soak)` /.test(line))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )
    const real = Object.entries(BENCH_PROFILES).map(([name, profile]) => [
      `\`${name}\``,
      `${profile.connections}`,
      `${profile.ramp}, ${profile.warmUp}`,
      profile.steady,
      profile.interruption,
      profile.slowReaders.duration,
      `${profile.cycles.count} of ${profile.cycles.connections} connections`,
    ])
    expect(written).toEqual(real)
  })
})
