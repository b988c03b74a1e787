import type { HeapSnapshot } from './snapshot.ts'

/**
 * The tree in which the parent of an object is its immediate dominator: the nearest object through which every strong way
 * from the root leads to it, so the one without which it would be gone. Nodes that only weak edges reach are not in it.
 */
export interface Dominators {
  /** Position -> node. The root is at position 0, and a dominator stands before what it dominates. */
  readonly order: Uint32Array
  /** Position -> position of the immediate dominator; 0 for the root itself. */
  readonly parent: Uint32Array
}

interface Walk extends Dominators {
  /** Node -> position, `UNREACHED` without one. */
  readonly position: Uint32Array
}

const UNREACHED = 2 ** 32 - 1

/**
 * Semi-NCA (Georgiadis 2005, "Linear-Time Algorithms for Dominators and Related Problems", 2.2). An algorithm that
 * repeats passes until nothing changes needs one pass for each object of a doubly linked list, and Node keeps its timers
 * in such lists.
 */
export function dominators(snapshot: HeapSnapshot, strong: Uint8Array): Dominators {
  const walk = depthFirst(snapshot, strong)
  const semi = semidominators(walk.parent, predecessors(snapshot, strong, walk))
  const parent = walk.parent
  for (let at = 1; at < parent.length; at += 1) {
    let candidate = parent[at]!
    while (candidate > semi[at]!) candidate = parent[candidate]!
    parent[at] = candidate
  }
  return { order: walk.order, parent }
}

/** Numbers what strong edges reach in preorder; the way back is in `parent`, so there is no stack to overflow. */
function depthFirst({ nodeCount, firstEdge, edgeTo }: HeapSnapshot, strong: Uint8Array): Walk {
  const position = new Uint32Array(nodeCount).fill(UNREACHED)
  const order = new Uint32Array(nodeCount)
  const parent = new Uint32Array(nodeCount)
  const next = firstEdge.slice()
  position[0] = 0
  let count = 1
  let at = 0
  for (;;) {
    const node = order[at]!
    const end = firstEdge[node + 1]!
    let edge = next[node]!
    while (edge < end && (strong[edge] === 0 || position[edgeTo[edge]!] !== UNREACHED)) edge += 1
    next[node] = edge + 1
    if (edge < end) {
      const target = edgeTo[edge]!
      position[target] = count
      order[count] = target
      parent[count] = at
      at = count
      count += 1
    } else if (at === 0) break
    else at = parent[at]!
  }
  return { position, order: order.slice(0, count), parent: parent.slice(0, count) }
}

interface Predecessors {
  /** Those of position p are `list[first[p]]` to `list[first[p + 1]]`, the latter not included; as positions. */
  readonly first: Uint32Array
  readonly list: Uint32Array
}

function predecessors({ firstEdge, edgeTo }: HeapSnapshot, strong: Uint8Array, walk: Walk): Predecessors {
  const { order, position } = walk
  const first = new Uint32Array(order.length + 2)
  const each = (act: (from: number, to: number) => void) => {
    for (let at = 0; at < order.length; at += 1) {
      const end = firstEdge[order[at]! + 1]!
      for (let edge = firstEdge[order[at]!]!; edge < end; edge += 1)
        if (strong[edge] === 1) act(at, position[edgeTo[edge]!]!)
    }
  }
  // Counted two places further on: filling the list below moves each start by its count, to where it belongs.
  each((_from, to) => (first[to + 2]! += 1))
  for (let at = 2; at < first.length; at += 1) first[at]! += first[at - 1]!
  const list = new Uint32Array(first.at(-1)!)
  each((from, to) => {
    list[first[to + 1]!] = from
    first[to + 1]! += 1
  })
  return { first, list }
}

function semidominators(parent: Uint32Array, { first, list }: Predecessors): Uint32Array {
  const semi = Uint32Array.from(parent.keys())
  const forest = new Forest(parent, semi)
  for (let at = parent.length - 1; at > 0; at -= 1) {
    let least = parent[at]!
    for (let i = first[at]!; i < first[at + 1]!; i += 1) least = Math.min(least, semi[forest.evaluate(list[i]!, at)]!)
    semi[at] = least
  }
  return semi
}

/** The part of the depth-first tree that has been worked through, with its paths shortened as they are used. */
class Forest {
  readonly #ancestor: Uint32Array
  readonly #label: Uint32Array
  readonly #semi: Uint32Array
  readonly #stack: Uint32Array

  constructor(parent: Uint32Array, semi: Uint32Array) {
    this.#ancestor = parent.slice()
    this.#label = semi.slice()
    this.#semi = semi
    this.#stack = new Uint32Array(parent.length)
  }

  /** Of `start` and its ancestors behind position `limit` the one with the least semidominator. */
  evaluate(start: number, limit: number): number {
    const [ancestor, label, semi, stack] = [this.#ancestor, this.#label, this.#semi, this.#stack]
    let depth = 0
    let at = start
    while (ancestor[at]! > limit) {
      stack[depth] = at
      depth += 1
      at = ancestor[at]!
    }
    let best = label[at]!
    const top = ancestor[at]!
    while (depth > 0) {
      depth -= 1
      at = stack[depth]!
      ancestor[at] = top
      if (semi[best]! < semi[label[at]!]!) label[at] = best
      else best = label[at]!
    }
    return label[start]!
  }
}
