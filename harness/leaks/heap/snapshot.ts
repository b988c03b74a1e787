import type { Layouts } from './layout.ts'
import { SnapshotError } from './layout.ts'
import type { StringTable } from './string-table.ts'

/**
 * A heap as a graph, in columns. Node 0 is the root. The edges that leave node n are `firstEdge[n]` to
 * `firstEdge[n + 1]`, the latter not included.
 */
export interface HeapSnapshot {
  readonly nodeCount: number
  readonly nodeTypes: readonly string[]
  /** Index into `nodeTypes`. */
  readonly type: Uint8Array
  /** Index into `strings`. */
  readonly name: Uint32Array
  /** Stays with an object for the life of its process, so two snapshots of one process can be compared. */
  readonly id: Uint32Array
  /** Bytes of the object itself. */
  readonly selfSize: Float64Array
  readonly firstEdge: Uint32Array
  readonly edgeTypes: readonly string[]
  /** Index into `edgeTypes`. */
  readonly edgeType: Uint8Array
  /** Index into `strings`; of element and hidden edges the index itself. */
  readonly edgeName: Uint32Array
  /** Index of a node. */
  readonly edgeTo: Uint32Array
  readonly strings: StringTable
}

export interface Columns {
  readonly nodes: {
    type: Uint8Array
    name: Uint32Array
    id: Uint32Array
    self_size: Float64Array
    edge_count: Uint32Array
  }
  readonly edges: { type: Uint8Array; name_or_index: Uint32Array; to_node: Uint32Array }
}

export function emptyColumns({ nodes, edges }: Layouts): Columns {
  return {
    nodes: {
      type: new Uint8Array(nodes.rows),
      name: new Uint32Array(nodes.rows),
      id: new Uint32Array(nodes.rows),
      self_size: new Float64Array(nodes.rows),
      edge_count: new Uint32Array(nodes.rows),
    },
    edges: {
      type: new Uint8Array(edges.rows),
      name_or_index: new Uint32Array(edges.rows),
      to_node: new Uint32Array(edges.rows),
    },
  }
}

/** Throws `SnapshotError` when the columns do not fit together. Takes the columns over. */
export function assemble(layouts: Layouts, { nodes, edges }: Columns, strings: StringTable): HeapSnapshot {
  if (nodes.type.length === 0) throw new SnapshotError('it has no nodes')
  return {
    nodeCount: nodes.type.length,
    nodeTypes: layouts.nodes.types,
    type: nodes.type,
    name: nodes.name,
    id: nodes.id,
    selfSize: nodes.self_size,
    firstEdge: firstEdges(nodes.edge_count, edges.type.length),
    edgeTypes: layouts.edges.types,
    edgeType: edges.type,
    edgeName: edges.name_or_index,
    edgeTo: nodeIndexes(edges.to_node, layouts.nodes.fields.length, nodes.type.length),
    strings,
  }
}

function firstEdges(counts: Uint32Array, edges: number): Uint32Array {
  const first = new Uint32Array(counts.length + 1)
  let sum = 0
  for (let node = 0; node < counts.length; node += 1) {
    sum += counts[node]!
    if (sum > edges) break
    first[node + 1] = sum
  }
  if (sum !== edges) throw new SnapshotError(`the nodes have ${sum} edges and there are ${edges}`)
  return first
}

/** In the file an edge points into the flat array of numbers. */
function nodeIndexes(offsets: Uint32Array, width: number, nodes: number): Uint32Array {
  for (let edge = 0; edge < offsets.length; edge += 1) {
    const node = offsets[edge]! / width
    if (!Number.isInteger(node) || node >= nodes) throw new SnapshotError(`edge ${edge} leads to no node`)
    offsets[edge] = node
  }
  return offsets
}
