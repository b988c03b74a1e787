import type { Comparison } from './compare.ts'
import { compareHeaps } from './compare.ts'
import type { Heap } from './constructors.ts'
import { inspectHeap, isEngine } from './constructors.ts'
import { pathWords } from './path-words.ts'
import { shortestRetainers } from './retainers.ts'
import type { HeapSnapshot } from './snapshot.ts'

/** A constructor that has more objects, or larger ones, than before. */
export interface Grower {
  constructor: string
  countGrowth: number
  /** Bytes of the objects themselves. */
  bytesGrowth: number
  /** Bytes of new objects that go when these go. */
  retainedGrowth: number
  /** Objects per connection when that is a whole number; null when it is not, or the connections are not known. */
  perConnection: number | null
  /** What keeps one of the new ones alive, from the root; empty for the engine's own, and without new ones. */
  path: string[]
}

const MOST_GROWERS = 10
/** New objects of one constructor whose ways are looked at to find the usual one. */
const MOST_WAYS = 200

/**
 * What grew between two snapshots of one process, the likeliest leak first, at most 10.
 *
 * @param connections how many were opened and closed between the two; null when that is not known
 */
export function topGrowers(before: HeapSnapshot, after: HeapSnapshot, connections: number | null): Grower[] {
  const later = inspectHeap(after)
  const comparison = compareHeaps(inspectHeap(before), later, connections)
  const pathOf = usualPaths(later, comparison)
  return comparison.growths
    .slice(0, MOST_GROWERS)
    .map(({ constructor, countGrowth, bytesGrowth, retainedGrowth, perConnection }) => ({
      constructor,
      countGrowth,
      bytesGrowth,
      retainedGrowth,
      perConnection,
      path: isEngine(constructor) ? [] : pathOf(constructor),
    }))
}

/** Constructor -> the way to those of its new objects that most of the new bytes hang on, but for the indexes. */
function usualPaths({ snapshot, strong, classes }: Heap, { outermost }: Comparison): (constructor: string) => string[] {
  const retainers = shortestRetainers(snapshot, strong)
  const nodesOf = (constructor: string) => {
    const index = classes.names.indexOf(constructor)
    const nodes: number[] = []
    for (let node = 0; node < snapshot.nodeCount; node += 1)
      if (outermost[node]! >= 0 && classes.of[node] === index) nodes.push(node)
    return nodes
  }
  return (constructor) => {
    const nodes = nodesOf(constructor)
    const step = Math.ceil(nodes.length / MOST_WAYS)
    const shapes = new Map<string, { bytes: number; paths: string[][] }>()
    for (let at = 0; at < nodes.length; at += step) {
      const path = pathWords(snapshot, classes, retainers, nodes[at]!)
      const key = path.join('\n').replaceAll(/\d+/g, '#')
      const shape = shapes.get(key) ?? { bytes: 0, paths: [] }
      shape.bytes += outermost[nodes[at]!]!
      shape.paths.push(path)
      shapes.set(key, shape)
    }
    const paths = [...shapes.values()].toSorted((a, b) => b.bytes - a.bytes)[0]?.paths ?? []
    return paths[Math.floor(paths.length / 2)] ?? []
  }
}
