import type { Heap } from './constructors.ts'
import { isEngine } from './constructors.ts'
import { outermostSizes } from './retained.ts'

/** What became of the objects of one constructor between two snapshots. */
export interface Growth {
  readonly constructor: string
  /** Objects of the later snapshot that the earlier one does not have, and the other way round. */
  readonly created: number
  readonly freed: number
  readonly countGrowth: number
  /** Bytes of the objects themselves. */
  readonly bytesGrowth: number
  /** Bytes of new objects that the new ones of this constructor keep alive, less the same of the freed ones. */
  readonly retainedGrowth: number
  /** Whole objects per connection, when the growth is so many times the number of connections; else null. */
  readonly perConnection: number | null
}

export interface Comparison {
  /** Those that grew, the likeliest leak first and the engine's own groups last. */
  readonly growths: readonly Growth[]
  /** Node of the later snapshot -> `outermostSizes` of what is new; -1 for all that is not. */
  readonly outermost: Float64Array
}

interface Tally {
  total: number
  bytes: number
  /** Of the objects that the other snapshot does not have. */
  own: number
  ownRetained: number
}

/**
 * How far the growth may be from a multiple of the connections, as a share of these: some objects come and go for other
 * reasons. By chance a growth is as near as this in 6 of 100 cases.
 */
const NEAR = 0.03

/**
 * What leaks for one way in which connections end, of some, grows by a part of the connections. What grew by less than
 * this share of them is taken for something else.
 */
const SHARE = 0.25

/**
 * Growth by constructor between two snapshots of one process. What grew with the connections stands before the rest, and
 * within each what keeps the most memory alive: the outermost object of what leaks.
 *
 * @param connections how many were opened and closed between the two; null when that is not known
 */
export function compareHeaps(before: Heap, after: Heap, connections: number | null): Comparison {
  const { tallies: earlier } = tally(before, after)
  const { tallies: later, outermost } = tally(after, before)
  const growths = [...new Set([...later.keys(), ...earlier.keys()])]
    .map((name) => growthOf(name, earlier.get(name), later.get(name), connections))
    .filter(({ countGrowth, bytesGrowth }) => countGrowth > 0 || bytesGrowth > 0)
    .toSorted(
      (a, b) =>
        rank(a, connections) - rank(b, connections) ||
        b.retainedGrowth - a.retainedGrowth ||
        b.bytesGrowth - a.bytesGrowth ||
        b.countGrowth - a.countGrowth,
    )
  return { growths, outermost }
}

const BACKING_STORES = '(array)'
const NONE: Tally = { total: 0, bytes: 0, own: 0, ownRetained: 0 }

function growthOf(name: string, before = NONE, after = NONE, connections: number | null): Growth {
  const countGrowth = after.total - before.total
  return {
    constructor: name,
    created: after.own,
    freed: before.own,
    countGrowth,
    bytesGrowth: after.bytes - before.bytes,
    retainedGrowth: after.ownRetained - before.ownRetained,
    perConnection: perConnection(countGrowth, connections),
  }
}

function perConnection(growth: number, connections: number | null): number | null {
  if (connections === null || connections <= 0) return null
  const each = Math.round(growth / connections)
  return each > 0 && Math.abs(growth - each * connections) <= NEAR * connections ? each : null
}

/**
 * Arrays are mostly what other objects keep their members in: a Map that has outgrown its table has a new one, which then
 * holds all that is new in it.
 */
function rank({ constructor, countGrowth }: Growth, connections: number | null): number {
  if (isEngine(constructor)) return 4
  if (constructor === BACKING_STORES) return 3
  if (countGrowth <= 0) return 2
  return connections !== null && countGrowth >= SHARE * connections ? 0 : 1
}

function notIn({ snapshot }: Heap, { snapshot: other }: Heap): Uint8Array {
  const ids = other.id.toSorted()
  return Uint8Array.from(snapshot.id, (id) => (holds(ids, id) ? 0 : 1))
}

function holds(sorted: Uint32Array, wanted: number): boolean {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < wanted) low = middle + 1
    else high = middle
  }
  return sorted[low] === wanted
}

/** By constructor. What is retained counts no objects that the other snapshot has too. */
function tally(heap: Heap, other: Heap): { tallies: Map<string, Tally>; outermost: Float64Array } {
  const { snapshot, classes, tree } = heap
  const own = notIn(heap, other)
  const weights = snapshot.selfSize.map((size, node) => size * own[node]!)
  const outermost = outermostSizes(tree, weights, classes.of, own)
  const tallies = classes.names.map(() => ({ ...NONE }))
  for (let node = 0; node < snapshot.nodeCount; node += 1) {
    const entry = tallies[classes.of[node]!]!
    entry.total += 1
    entry.bytes += snapshot.selfSize[node]!
    entry.own += own[node]!
    entry.ownRetained += Math.max(0, outermost[node]!)
  }
  return { tallies: new Map(tallies.map((entry, index) => [classes.names[index]!, entry])), outermost }
}
