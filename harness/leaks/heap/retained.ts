import type { Dominators } from './dominators.ts'

/** Of nodes that are no outermost object of their class. */
const INSIDE = -1

/**
 * Node -> bytes that would be freed with it, for the objects that no other one of their class dominates; -1 for all other
 * nodes. The sum over a class is what would be freed with all its objects, each byte counted once.
 *
 * @param weights bytes of each node
 * @param classOf index of the class of each node
 * @param marks 1 for each node that counts as an object of its class; null when all do
 */
export function outermostSizes(
  tree: Dominators,
  weights: Float64Array,
  classOf: Uint32Array,
  marks: Uint8Array | null,
): Float64Array {
  const sizes = subtreeSizes(tree, weights)
  const outermost = new Float64Array(classOf.length).fill(INSIDE)
  const open = new Uint32Array(classOf.reduce((most, index) => Math.max(most, index), 0) + 1)
  const step = (at: number, change: 1 | -1) => {
    const node = tree.order[at]!
    if (marks !== null && marks[node] === 0) return
    const index = classOf[node]!
    if (change === 1 && open[index] === 0) outermost[node] = sizes[at]!
    open[index]! += change
  }
  eachInTree(tree, step)
  return outermost
}

function subtreeSizes({ order, parent }: Dominators, weights: Float64Array): Float64Array {
  const sizes = Float64Array.from(order, (node) => weights[node]!)
  for (let at = sizes.length - 1; at > 0; at -= 1) sizes[parent[at]!]! += sizes[at]!
  return sizes
}

/** Goes into each position (1) and out of it (-1). Position 0 is the root and nobody's child, so it stands for "none". */
function eachInTree({ parent }: Dominators, step: (at: number, change: 1 | -1) => void): void {
  const child = new Uint32Array(parent.length)
  const sibling = new Uint32Array(parent.length)
  for (let at = parent.length - 1; at > 0; at -= 1) {
    sibling[at] = child[parent[at]!]!
    child[parent[at]!] = at
  }
  let at = 0
  step(at, 1)
  for (;;) {
    if (child[at] !== 0) at = child[at]!
    else {
      while (at !== 0 && sibling[at] === 0) {
        step(at, -1)
        at = parent[at]!
      }
      if (at === 0) break
      step(at, -1)
      at = sibling[at]!
    }
    step(at, 1)
  }
}
