import type { HeapSnapshot } from './snapshot.ts'

/** By node: the strong edge by which a shortest way from a root reaches it. */
export interface Retainers {
  /** -1 for the root and for what only weak edges reach. */
  readonly edge: Int32Array
  /** The node that the edge leaves. */
  readonly from: Uint32Array
}

/**
 * Breadth first over strong edges, in three rounds of which each takes what the rounds before left: from the global
 * objects, as a person would look; from all other roots; and at last through compiled code, hidden classes and edges that
 * have no name, which keep many things alive but tell nothing.
 */
export function shortestRetainers(snapshot: HeapSnapshot, strong: Uint8Array): Retainers {
  const { nodeCount, nodeTypes, type, firstEdge, edgeTypes, edgeType, edgeTo } = snapshot
  const dull = nodeTypes.map((name) => name === 'code' || name === 'object shape')
  const hidden = edgeTypes.indexOf('hidden')
  const shortcut = edgeTypes.indexOf('shortcut')
  const via = new Int32Array(nodeCount).fill(-1)
  const from = new Uint32Array(nodeCount)
  const queue = new Uint32Array(nodeCount)
  let length = 1

  const isPlain = (edge: number) => edgeType[edge] !== hidden && dull[type[edgeTo[edge]!]!] !== true
  const expand = (node: number, wanted: (edge: number) => boolean) => {
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge += 1) {
      const target = edgeTo[edge]!
      if (strong[edge] === 0 || target === 0 || via[target] !== -1 || !wanted(edge)) continue
      via[target] = edge
      from[target] = node
      queue[length] = target
      length += 1
    }
  }
  const flood = (start: number, wanted: (edge: number) => boolean) => {
    for (let head = start; head < length; head += 1) expand(queue[head]!, wanted)
  }
  expand(0, (edge) => edgeType[edge] === shortcut)
  flood(1, isPlain)
  const others = length
  expand(0, isPlain)
  flood(others, isPlain)
  flood(0, () => true)
  return { edge: via, from }
}
