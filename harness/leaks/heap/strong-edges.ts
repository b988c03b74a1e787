import type { HeapSnapshot } from './snapshot.ts'

const CLOSE_BRACKET = 41
/** V8 names the value of a WeakMap's entry so, both at its key and at the table. */
const EPHEMERON = /^\d+ \/ part of key .* -> value .* pair in WeakMap \(table @(\d+)\)$/s
const SHORTEST_EPHEMERON = '0 / part of key ( @0) -> value ( @0) pair in WeakMap (table @0)'.length

/**
 * One byte per edge, 1 when it keeps its target alive: neither a weak one nor a shortcut (which stands beside the true
 * way; from the root alone it marks the global objects). The value in a WeakMap has an edge from its key and one from the
 * table; the key keeps it alive.
 */
export function strongEdges(snapshot: HeapSnapshot): Uint8Array {
  const { edgeTypes, edgeType, edgeName, firstEdge, id } = snapshot
  const weak = edgeTypes.indexOf('weak')
  const shortcut = edgeTypes.indexOf('shortcut')
  const internal = edgeTypes.indexOf('internal')
  const tables = weakMapTables(snapshot)
  const strong = new Uint8Array(edgeType.length)
  for (let node = 0; node < snapshot.nodeCount; node += 1)
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge += 1) {
      const type = edgeType[edge]
      if (type === weak || (type === shortcut && node !== 0)) continue
      if (type === internal && tables.get(edgeName[edge]!) === id[node]) continue
      strong[edge] = 1
    }
  return strong
}

export const isWeakMapValue = (edgeName: string): boolean => EPHEMERON.test(edgeName)

/** Index of a string that names such an edge -> id of the table. */
function weakMapTables({ strings }: HeapSnapshot): Map<number, number> {
  const tables = new Map<number, number>()
  for (let index = 0; index < strings.count; index += 1) {
    if (strings.lastByteOf(index) !== CLOSE_BRACKET || strings.bytesOf(index) < SHORTEST_EPHEMERON) continue
    const table = EPHEMERON.exec(strings.at(index))?.[1]
    if (table !== undefined) tables.set(index, Number(table))
  }
  return tables
}
