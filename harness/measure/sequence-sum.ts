import type { LedgerIdentity, LostRange } from '../model/record.ts'
import type { ServerBooks, StreamBalance } from './balance.ts'

const MOST_RANGES = 100

/** The terms of the sum by sequence, over all streams. */
export interface SequenceTotals {
  expected: number
  lost: number
  dropped: number
  droppedFromSteady: number
  undrained: number
  ranges: LostRange[]
  brokenStreams: number
}

export function sequenceTotals(balances: readonly StreamBalance[], books: ServerBooks | null): SequenceTotals {
  const totals: SequenceTotals = {
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

function addStream(totals: SequenceTotals, balance: StreamBalance, books: ServerBooks | null): void {
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

function addRange(totals: SequenceTotals, stream: number, from: number, to: number): void {
  if (totals.ranges.length < MOST_RANGES) totals.ranges.push({ stream, from, to })
}

export function sequenceIdentity(totals: SequenceTotals, received: number): LedgerIdentity {
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
