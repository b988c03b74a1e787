import type { Ledger, LedgerIdentity, LostRange } from '../model/record.ts'
import type { ConnectionLedger } from './sequence-ledger.ts'

/** What is left of one stream at the end of a run. */
export interface StreamBalance {
  stream: number
  /** The server's name of the sequence it followed; streams of one channel share a head. */
  channel: string
  first: number
  next: number
  firstReceipts: number
  duplicates: number
  reordered: number
  replayed: number
  unsequenced: number
  missing: number
  missingRanges: [number, number][]
  /**
   * `done`: it ended successfully by our own choice, so nothing after its last event was wanted. `open`: still connected
   * at the stop. `down`: it was wanted but not connected, so the tail it missed is lost.
   */
  state: 'done' | 'open' | 'down'
  /** Its profile reads slowly on purpose, so that the server may drop events of it by policy. */
  slow: boolean
  connections: ConnectionLedger[]
}

/** What the server counted of one connection. */
export interface ServerConnection {
  offered: number
  written: number
  dropped: number
  queued: number
  /** First and last sequence written; -1 when none was. */
  first: number
  last: number
}

/** The server's own books; null where the target has none. */
export interface ServerBooks {
  /** Last sequence published of each channel when the publisher was paused. */
  heads: ReadonlyMap<string, number>
  connections: ReadonlyMap<number, ServerConnection>
  /** Ended connections that the server no longer remembers. */
  forgotten: number
}

const MOST_RANGES = 100

interface Totals {
  expected: number
  lost: number
  dropped: number
  droppedFromSteady: number
  undrained: number
  ranges: LostRange[]
  brokenStreams: number
}

/**
 * Holds both sides against each other. Two sums, each with terms counted in different places:
 * by sequence (head - first due + 1 = first receipts + lost + dropped + undrained) per stream, and
 * by write (server's writes = our receipts + lost on the way + undrained) per connection.
 */
export function reconcile(balances: readonly StreamBalance[], books: ServerBooks | null, sequenced: boolean): Ledger {
  const sum = (pick: (balance: StreamBalance) => number) =>
    balances.reduce((total, balance) => total + pick(balance), 0)
  const received = sum((b) => b.firstReceipts)
  const unsequenced = sum((b) => b.unsequenced)
  const totals = sequenceTotals(balances, books)
  const why = whyNot(balances, books, sequenced, unsequenced)
  const identities: LedgerIdentity[] = []
  if (books !== null && sequenced) {
    identities.push(sequenceIdentity(totals, received))
    identities.push(writeIdentity(balances, books), offerIdentity(balances, books))
  }
  return {
    reconcilable: why === null,
    why,
    streams: balances.length,
    connections: sum((b) => b.connections.length),
    expected: why === null ? totals.expected : null,
    received: sequenced ? received : unsequenced,
    duplicates: sequenced ? sum((b) => b.duplicates) : null,
    lost: sequenced ? totals.lost : null,
    dropped: books === null || !sequenced ? null : totals.dropped,
    droppedFromSteady: books === null || !sequenced ? null : totals.droppedFromSteady,
    undrained: why === null ? totals.undrained : null,
    reordered: sequenced ? sum((b) => b.reordered) : null,
    replayed: books === null || !sequenced ? null : sum((b) => b.replayed),
    unsequenced,
    server: books === null ? null : serverTotals(balances, books),
    identities,
    lostRanges: totals.ranges,
  }
}

function whyNot(
  balances: readonly StreamBalance[],
  books: ServerBooks | null,
  sequenced: boolean,
  unsequenced: number,
): string | null {
  if (!sequenced) return 'events carry no sequence that the harness knows of; name one with --sequence'
  if (books === null)
    return 'the server does not tell what it wrote, so a lost tail cannot be seen; only gaps in the sequence count'
  if (unsequenced > 0) return `${unsequenced} events had no readable sequence`
  const unknown = balances.flatMap((b) => b.connections).filter((c) => !books.connections.has(c.serverStream)).length
  if (unknown > 0)
    return `the server has no books of ${unknown} connections (it forgot ${books.forgotten}; serve --ended-kept keeps more)`
  return null
}

function sequenceTotals(balances: readonly StreamBalance[], books: ServerBooks | null): Totals {
  const totals: Totals = {
    expected: 0,
    lost: 0,
    dropped: 0,
    droppedFromSteady: 0,
    undrained: 0,
    ranges: [],
    brokenStreams: 0,
  }
  for (const balance of balances) {
    for (const [from, to] of balance.missingRanges) addRange(totals, balance.stream, from, to)
    if (balance.first >= 0) addStream(totals, balance, books)
  }
  return totals
}

function addStream(totals: Totals, balance: StreamBalance, books: ServerBooks | null): void {
  const seen = balance.next - 1
  const head = balance.state === 'done' ? seen : Math.max(seen, headOf(balance, books))
  const tail = head - seen
  // What the server says it dropped explains holes first; the rest of it must lie in the tail.
  const dropped = balance.connections.reduce(
    (sum, c) => sum + (books?.connections.get(c.serverStream)?.dropped ?? 0),
    0,
  )
  const inHoles = Math.min(balance.missing, dropped)
  const inTail = Math.min(tail, dropped - inHoles)
  totals.expected += head - balance.first + 1
  totals.dropped += inHoles + inTail
  if (!balance.slow) totals.droppedFromSteady += inHoles + inTail
  totals.lost += balance.missing - inHoles
  if (balance.state === 'down') {
    totals.lost += tail - inTail
    if (tail > 0) addRange(totals, balance.stream, seen + 1, head)
  } else totals.undrained += tail - inTail
  if (balance.firstReceipts + balance.missing + tail !== head - balance.first + 1) totals.brokenStreams += 1
}

/** The last number published to this stream: of its channel, or of its last connection where each has its own. */
function headOf(balance: StreamBalance, books: ServerBooks | null): number {
  const last = books?.connections.get(balance.connections.at(-1)?.serverStream ?? -1)
  const offered = last === undefined || last.written === 0 ? -1 : last.first + last.offered - 1
  return Math.max(offered, books?.heads.get(balance.channel) ?? -1)
}

function addRange(totals: Totals, stream: number, from: number, to: number): void {
  if (totals.ranges.length < MOST_RANGES) totals.ranges.push({ stream, from, to })
}

function sequenceIdentity(totals: Totals, received: number): LedgerIdentity {
  const right = received + totals.lost + totals.dropped + totals.undrained
  return {
    name: 'by sequence',
    left: 'expected (head - first due + 1)',
    right: 'first receipts + lost + dropped + undrained',
    leftValue: totals.expected,
    rightValue: right,
    brokenStreams: totals.brokenStreams,
    holds: totals.expected === right && totals.brokenStreams === 0,
  }
}

/** Events of one connection that the server wrote and we did not get: skipped inside, and the tail after our last. */
function onTheWay(connection: ConnectionLedger, server: ServerConnection): { skipped: number; tail: number } {
  if (server.written === 0) return { skipped: 0, tail: 0 }
  // Dropped events leave holes in the numbers that were never written; those after the last write leave none.
  const lastOffered = server.first + server.offered - 1
  const droppedAfterLast = lastOffered - server.last - server.queued
  const droppedInside = server.dropped - droppedAfterLast
  const lead = connection.first < 0 ? 0 : connection.first - server.first
  const tail = connection.highest < 0 ? server.last - server.first + 1 : server.last - connection.highest
  return { skipped: connection.skipped + lead - droppedInside, tail }
}

function writeIdentity(balances: readonly StreamBalance[], books: ServerBooks): LedgerIdentity {
  let written = 0
  let accounted = 0
  let broken = 0
  for (const balance of balances) {
    let whole = true
    for (const connection of balance.connections) {
      const server = books.connections.get(connection.serverStream)
      if (server === undefined) continue
      const { skipped, tail } = onTheWay(connection, server)
      written += server.written
      accounted += connection.receipts + skipped + tail
      if (server.written !== connection.receipts + skipped + tail || tail < 0) whole = false
    }
    if (!whole) broken += 1
  }
  return {
    name: 'by write',
    left: 'written by the server',
    right: 'receipts (duplicates included) + lost on the way + undrained',
    leftValue: written,
    rightValue: accounted,
    brokenStreams: broken,
    holds: written === accounted && broken === 0,
  }
}

function offerIdentity(balances: readonly StreamBalance[], books: ServerBooks): LedgerIdentity {
  let offered = 0
  let kept = 0
  let broken = 0
  for (const connection of balances.flatMap((b) => b.connections)) {
    const server = books.connections.get(connection.serverStream)
    if (server === undefined) continue
    offered += server.offered
    kept += server.written + server.dropped + server.queued
    if (server.offered !== server.written + server.dropped + server.queued) broken += 1
  }
  return {
    name: 'by offer',
    left: 'offered to the streams by the server',
    right: 'written + dropped by policy + still queued',
    leftValue: offered,
    rightValue: kept,
    brokenStreams: broken,
    holds: offered === kept && broken === 0,
  }
}

function serverTotals(balances: readonly StreamBalance[], books: ServerBooks): NonNullable<Ledger['server']> {
  const totals = { offered: 0, written: 0, droppedByPolicy: 0, queued: 0, cut: 0 }
  for (const connection of balances.flatMap((b) => b.connections)) {
    const server = books.connections.get(connection.serverStream)
    if (server === undefined) continue
    totals.offered += server.offered
    totals.written += server.written
    totals.droppedByPolicy += server.dropped
    totals.queued += server.queued
    if (!connection.endedByUs && !connection.open) totals.cut += onTheWay(connection, server).tail
  }
  return totals
}
