import type { HistogramName } from '../../model/metric.ts'
import type { Environment, QuantileName, RunRecord, Verdict } from '../../model/record.ts'
import { K6_PREFIX } from '../../model/record.ts'
import { formatCount, formatDuration, US_PER_SECOND } from '../../model/units.ts'
import { endTable, failureTable, ledgerBlocks } from './accounts.ts'
import { paragraph, section, table } from './build.ts'
import { durationTable } from './durations.ts'
import type { Compared, Half } from './halves.ts'
import { AGREEMENT, bothOf, comparedOf } from './halves.ts'
import { labelOf, PERCENTILES, VERDICT_TONES } from './labels.ts'
import { absent, faultCount, hasSamples, histogramOf, maxCell, quantileCell } from './numbers.ts'
import type { Block, Cell, ParagraphBlock, Section } from './types.ts'

/** The measured phase in which each generator does the same thing to the target. */
const STEADY = 'steady'
const K6_MEASURED = `${K6_PREFIX}measure`

interface Column {
  half: Half
  /** null: there is no telling which measured phase is meant. */
  compared: Compared | null
  clock: Environment['clock']
}

interface Figure {
  label: string
  cell: (column: Column) => Cell
}

const FIGURES: readonly Figure[] = [
  { label: 'Events received', cell: inPhase(({ measured }) => counterCell(measured['sse_events_received'])) },
  { label: 'Events per stream and second', cell: inPhase(rateCell) },
  { label: 'Connections opened', cell: inPhase(({ life }) => counterCell(life('sse_connections_opened'))) },
  {
    label: 'Connections failed',
    cell: inPhase(({ life }) => counterCell(life('sse_connections_failed'), faultCount)),
  },
  ...durations('sse_delivery_latency', ['p50', 'p90', 'p99', 'max']),
  ...durations('sse_transit_latency', ['p50']),
  ...durations('sse_staleness', ['p50', 'p99']),
  ...durations('sse_worst_gap', ['p99']),
  ...durations('sse_headers_duration', ['p50']),
  ...durations('sse_first_event_duration', ['p50', 'p99']),
  ...durations('harness_queue_delay', ['p99']),
  { label: 'Own CPU, cores in the busiest second', cell: cpuCell },
  { label: 'Lost', cell: ({ half }) => bookCell(half, 'lost') },
  { label: 'Duplicates', cell: ({ half }) => bookCell(half, 'duplicates') },
]

/** The same target as two programs saw it, figure by figure; null when one ran alone. */
export function generatorSection(record: RunRecord): Section | null {
  const halves = bothOf(record)
  if (halves === null) return null
  const { clock } = record.environment
  const column = (half: Half, phase: string): Column => ({
    half,
    compared: comparedOf(half, record.phases, phase),
    clock,
  })
  const columns = [column(halves.node, STEADY), column(halves.k6, K6_MEASURED)]
  return section('generators', 'Two load generators, one target', 'terminal', [
    paragraph(comparedText(columns)),
    table(
      ['', ...columns.map(({ half }) => `${half.title}#`)],
      FIGURES.map(({ label, cell }) => [label, ...columns.map(cell)]),
    ),
    ...agreement(record.verdicts.find(({ name }) => name === AGREEMENT)),
  ])
}

/** All that k6 found and the sections about the Node harness do not hold: its numbers are in none of theirs. */
export function k6Section(record: RunRecord): Section | null {
  const k6 = bothOf(record)?.k6
  if (k6 === undefined) return null
  const titled = (title: string, blocks: readonly (Block | null)[]): Block[] => {
    const known = blocks.filter((block) => block !== null)
    return known.length === 0 ? [] : [paragraph(title), ...known]
  }
  const blocks = [
    ...titled('The same target as k6 saw it. Its numbers are not added to those above.', [durationTable(k6.metrics)]),
    ...titled('How its streams ended:', [endTable(k6.ends)]),
    ...titled('Connection attempts of it that failed:', [failureTable(k6.failures)]),
    ...titled('Its ledger of events:', k6.ledger === null ? [] : ledgerBlocks(k6.ledger)),
  ]
  return blocks.length === 0 ? null : section('k6', 'As measured by k6', 'file', blocks)
}

function comparedText(columns: readonly Column[]): string {
  const sides = columns.map(({ half, compared }) => {
    if (compared === null) return `${half.title}, of which no single measured phase could be taken`
    const { name, startUs, endUs } = compared.phase
    return `${half.title} in its phase ${name} (${formatDuration(endUs - startUs)})`
  })
  return `${sides.join(', beside ')}. Connections, headers and first events are those of the same streams from set-up to stop; CPU, lost and duplicates are of all that the generator did. The other sections are about the Node harness unless they name k6.`
}

function agreement(verdict: Verdict | undefined): ParagraphBlock[] {
  if (verdict === undefined) return [paragraph('Whether the two agree was not judged.', 'quiet')]
  const { status, expected, actual, why } = verdict
  return [
    paragraph(`${AGREEMENT}: ${status}`, VERDICT_TONES[status]),
    paragraph(`Expected: ${expected}. Was: ${actual}.${why === '' ? '' : ` Why: ${why}.`}`),
  ]
}

function inPhase(cell: (compared: Compared, column: Column) => Cell): Figure['cell'] {
  return (column) =>
    column.compared === null ? absent('no single measured phase to compare') : cell(column.compared, column)
}

const counterCell = (metric: ReturnType<Compared['life']>, format: (value: number) => Cell = formatCount): Cell =>
  metric?.kind === 'counter' ? format(metric.value) : absent()

/** Two generators need not hold equally many streams, nor measure equally long. */
function rateCell({ phase, measured }: Compared): Cell {
  const events = measured['sse_events_received']
  const open = measured['sse_open_streams']
  if (events?.kind !== 'counter') return absent()
  if (open?.kind !== 'gauge' || open.last === null) return absent('how many streams were open is not known')
  const streamSeconds = (open.last * (phase.endUs - phase.startUs)) / US_PER_SECOND
  return streamSeconds > 0 ? formatCount(events.value / streamSeconds) : absent('no stream was open')
}

function durations(name: HistogramName, shown: readonly (QuantileName | 'max')[]): Figure[] {
  return shown.map((quantile) => ({
    label: `${labelOf(name)} ${quantile === 'max' ? quantile : PERCENTILES[quantile]}`,
    cell: inPhase(({ measured, life }, { clock }) => {
      const metric = histogramOf(OF_A_LIFE.has(name) ? life(name) : measured[name])
      if (metric === null || !hasSamples(metric)) {
        const incomparable = clock?.common === false || 'sse_delivery_variation' in measured
        return absent(FROM_STAMPS.has(name) && incomparable ? 'no clock in common with the target' : null)
      }
      return quantile === 'max' ? maxCell(metric) : quantileCell(metric, quantile)
    }),
  }))
}

/** What happens once to a stream, and mostly before it is measured. */
const OF_A_LIFE: ReadonlySet<HistogramName> = new Set(['sse_headers_duration', 'sse_first_event_duration'])
const FROM_STAMPS: ReadonlySet<HistogramName> = new Set(['sse_delivery_latency', 'sse_transit_latency'])

function cpuCell({ half }: Column): Cell {
  const cpu = half.metrics['harness_cpu']
  return cpu?.kind === 'gauge' && cpu.max !== null ? formatCount(cpu.max) : absent()
}

function bookCell({ ledger }: Half, key: 'lost' | 'duplicates'): Cell {
  if (ledger === null) return absent('not every stream was accounted for')
  const value = ledger[key]
  if (value !== null || ledger.why === null) return faultCount(value)
  return { text: '-', tone: 'quiet', note: ledger.why }
}
