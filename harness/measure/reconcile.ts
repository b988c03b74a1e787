import type { Ledger, LedgerIdentity } from '../model/record.ts'
import type { ServerBooks, ServerConnection, StreamBalance } from './balance.ts'
import type { ConnectionLedger } from './sequence-ledger.ts'
import { sequenceIdentity, sequenceTotals } from './sequence-sum.ts'

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
