import { END_REASONS, FAILURES } from '../../model/ends.ts'
import type { Ledger, LostRange, Metrics, RunRecord } from '../../model/record.ts'
import { formatBytes, formatCount } from '../../model/units.ts'
import { paragraph, section, table } from './build.ts'
import { meaningOf } from './labels.ts'
import { count, faultCount, ratio, UNKNOWN } from './numbers.ts'
import type { Block, Cell, Section, TableBlock } from './types.ts'

/** What was counted: ends, failed attempts, the ledger of events, and the plain counters. */
export function accountSections(record: RunRecord): Section[] {
  return [
    ends(record),
    failures(record),
    ledger(record.ledger),
    identities(record.ledger),
    counters(record.metrics),
  ].filter((found) => found !== null)
}

type Reasons = Readonly<Record<string, number>>

const byCount = (counts: Reasons) =>
  Object.entries(counts)
    .filter(([, n]) => n > 0)
    .toSorted(([, a], [, b]) => b - a)

function ends({ ends: byReason, metrics }: RunRecord): Section {
  const opened = metrics['sse_connections_opened']
  const hadSome = opened?.kind === 'counter' && opened.value > 0
  const why = hadSome ? 'Nothing is known of how they ended.' : 'No stream ended, because none was open.'
  const none = paragraph(why, 'quiet')
  return section('ends', 'How streams ended', 'terminal', [endTable(byReason) ?? none])
}

export function endTable(byReason: Reasons): TableBlock | null {
  const rows = byCount(byReason).map(([reason, n]): Cell[] => [
    reason,
    formatCount(n),
    (END_REASONS as Readonly<Record<string, string>>)[reason] ?? 'not a reason that this version knows',
  ])
  return rows.length === 0 ? null : table(['Reason', 'Streams#', 'Meaning'], rows)
}

function failures({ failures: byReason }: RunRecord): Section | null {
  const found = failureTable(byReason)
  return found === null ? null : section('failures', 'Connection attempts that failed', 'terminal', [found])
}

export function failureTable(byReason: Reasons): TableBlock | null {
  const known = FAILURES as Readonly<Record<string, { final: boolean; what: string }>>
  const rows = byCount(byReason).map(([reason, n]): Cell[] => [
    { text: reason, tone: 'bad' },
    formatCount(n),
    known[reason]?.what ?? 'not a reason that this version knows',
    triedAgain(known[reason]),
  ])
  return rows.length === 0 ? null : table(['Reason', 'Attempts#', 'Meaning', 'Tried again'], rows)
}

const triedAgain = (failure: { final: boolean } | undefined): Cell =>
  failure === undefined ? UNKNOWN : failure.final ? 'no' : 'yes'

function ledger(book: Ledger | null): Section {
  const none = paragraph('Events were not counted one by one in this run.', 'quiet')
  return section('ledger', 'Ledger of events', 'terminal', book === null ? [none] : ledgerBlocks(book))
}

export function ledgerBlocks(book: Ledger): Block[] {
  const blocks: Block[] = []
  if (!book.reconcilable)
    blocks.push(paragraph(`Not reconcilable with the server: ${book.why ?? 'no reason was recorded'}.`, 'warn'))
  blocks.push(table(['Events', 'Count#', 'Meaning'], ledgerRows(book)))
  return blocks
}

function ledgerRows(book: Ledger): Cell[][] {
  const received = `first receipts, on ${formatCount(book.streams)} streams and ${formatCount(book.connections)} connections`
  const rows: Cell[][] = [
    ['expected', count(book.expected), "from the first due after joining to the server's last at the stop"],
    ['received', count(book.received), received],
    ['lost', faultCount(book.lost), 'expected and never received'],
    ['dropped', count(book.dropped), "not received because the server's slow-consumer policy dropped them"],
    [
      'dropped from steady streams',
      faultCount(book.droppedFromSteady),
      'of these, from streams that read as fast as they could',
    ],
    ['duplicates', faultCount(book.duplicates), 'received more than once'],
    ['reordered', faultCount(book.reordered), 'came after a later event of the same connection'],
    ['replayed', count(book.replayed), 'sent again by the server after a reconnect'],
    ['undrained', count(book.undrained), 'still on their way when the client stopped reading'],
  ]
  if (book.unsequenced > 0) rows.push(['unsequenced', count(book.unsequenced), 'without a readable sequence'])
  if (book.server !== null) rows.push(...serverRows(book.server))
  return rows
}

function serverRows(server: NonNullable<Ledger['server']>): Cell[][] {
  return [
    ['server: offered', count(server.offered), 'put before the streams'],
    ['server: written', count(server.written), 'handed to the sockets'],
    ['server: dropped', count(server.droppedByPolicy), 'by its slow-consumer policy, as it counts'],
    ['server: queued', count(server.queued), 'still in its queues at the end'],
    ['server: cut', count(server.cut), 'written into a connection that broke before they arrived'],
  ]
}

function identities(book: Ledger | null): Section | null {
  if (book === null || book.identities.length + book.lostRanges.length === 0) return null
  const blocks: Block[] = []
  if (book.identities.length > 0)
    blocks.push(table(['', 'Sum', 'Left#', 'Right#', 'Streams that break it#'], book.identities.map(identityRow)))
  if (book.lostRanges.length > 0) {
    blocks.push(paragraph(`Lost, the first ${formatCount(book.lostRanges.length)} ranges:`))
    blocks.push(table(['Stream#', 'From sequence#', 'To sequence#', 'Events#'], book.lostRanges.map(rangeRow)))
  }
  return section('identities', 'Sums that must agree', 'file', blocks)
}

const identityRow = (identity: Ledger['identities'][number]): Cell[] => [
  identity.holds ? { text: 'holds', tone: 'good' } : { text: 'broken', tone: 'bad' },
  `${identity.name}: ${identity.left} = ${identity.right}`,
  formatCount(identity.leftValue),
  formatCount(identity.rightValue),
  formatCount(identity.brokenStreams),
]

// Not with formatCount: a sequence is a name, and somebody will search for it.
const rangeRow = ({ stream, from, to }: LostRange): Cell[] => [
  `${stream}`,
  `${from}`,
  `${to}`,
  formatCount(to - from + 1),
]

function counters(metrics: Metrics): Section | null {
  const rows = Object.entries(metrics).flatMap(([key, metric]): Cell[][] => {
    if (metric.kind === 'counter')
      return [[key, key.includes('bytes') ? formatBytes(metric.value) : formatCount(metric.value), meaningOf(key)]]
    if (metric.kind === 'gauge') return [[key, gauge(key, metric.last, metric.min, metric.max), meaningOf(key)]]
    return []
  })
  return rows.length === 0
    ? null
    : section('counters', 'Counters and gauges', 'file', [table(['Name', 'Value#', 'Meaning'], rows)])
}

function gauge(key: string, last: number | null, min: number | null, max: number | null): Cell {
  if (last === null) return UNKNOWN
  const isShare = /ratio|reach|utilisation/.test(key)
  const text = (value: number | null) => (value === null ? '?' : isShare ? ratio(value) : formatCount(value))
  return min === max ? text(last) : { text: text(last), note: `${text(min)} to ${text(max)}` }
}
