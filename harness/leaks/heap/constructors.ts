import type { Dominators } from './dominators.ts'
import { dominators } from './dominators.ts'
import { outermostSizes } from './retained.ts'
import type { HeapSnapshot } from './snapshot.ts'
import { strongEdges } from './strong-edges.ts'

/** What the objects of a heap are called. */
export interface Classes {
  readonly names: readonly string[]
  /** Node -> index into `names`. */
  readonly of: Uint32Array
}

/** A snapshot with what is worked out of it once. */
export interface Heap {
  readonly snapshot: HeapSnapshot
  /** See `strongEdges`. */
  readonly strong: Uint8Array
  readonly classes: Classes
  readonly tree: Dominators
}

export interface ConstructorTotal {
  readonly constructor: string
  readonly count: number
  /** Bytes of the objects themselves. */
  readonly selfBytes: number
  /** Bytes that would be freed with them. Objects that only weak references hold retain nothing. */
  readonly retainedBytes: number
}

/** Groups as browsers' developer tools make them; types that are not here are grouped under their own name. */
const GROUPS: Readonly<Record<string, string>> = {
  hidden: '(system)',
  code: '(compiled code)',
  synthetic: '(roots)',
  regexp: 'RegExp',
  'concatenated string': '(string)',
  'sliced string': '(string)',
}
const ENGINE: ReadonlySet<string> = new Set(['(system)', '(compiled code)', '(roots)', '(object shape)'])
const LONGEST_NAME = 80

/** Groups that the engine itself fills and empties: compiled code, feedback, hidden classes. */
export const isEngine = (constructor: string): boolean => ENGINE.has(constructor)

export function inspectHeap(snapshot: HeapSnapshot): Heap {
  const strong = strongEdges(snapshot)
  return { snapshot, strong, classes: classesOf(snapshot), tree: dominators(snapshot, strong) }
}

/** Count and bytes by constructor, the most retained first. */
export function byConstructor({ snapshot, classes, tree }: Heap): ConstructorTotal[] {
  const outermost = outermostSizes(tree, snapshot.selfSize, classes.of, null)
  const retained = new Float64Array(classes.names.length)
  const counts = new Uint32Array(classes.names.length)
  const bytes = new Float64Array(classes.names.length)
  for (let node = 0; node < snapshot.nodeCount; node += 1) {
    const index = classes.of[node]!
    counts[index]! += 1
    bytes[index]! += snapshot.selfSize[node]!
    retained[index]! += Math.max(0, outermost[node]!)
  }
  return classes.names
    .map((constructor, index) => ({
      constructor,
      count: counts[index]!,
      selfBytes: bytes[index]!,
      retainedBytes: retained[index]!,
    }))
    .toSorted((a, b) => b.retainedBytes - a.retainedBytes || b.count - a.count)
}

/**
 * Objects are called by their constructor, functions by their own name (which tells a leaked listener from the hundreds
 * of other functions); strings, arrays and numbers are one group each.
 */
function classesOf(snapshot: HeapSnapshot): Classes {
  const names: string[] = []
  const known = new Map<string, number>()
  /** By name and type in one number, so that a name is decoded once and not for each of its objects. */
  const indexes = new Map<number, number>()
  const of = new Uint32Array(snapshot.nodeCount)
  for (let node = 0; node < snapshot.nodeCount; node += 1) {
    const key = snapshot.name[node]! * snapshot.nodeTypes.length + snapshot.type[node]!
    let index = indexes.get(key)
    if (index === undefined) {
      const name = classOf(snapshot, node)
      index = known.get(name) ?? names.push(name) - 1
      known.set(name, index)
      indexes.set(key, index)
    }
    of[node] = index
  }
  return { names, of }
}

function classOf({ nodeTypes, type, name, strings }: HeapSnapshot, node: number): string {
  const kind = nodeTypes[type[node]!] ?? ''
  if (kind !== 'object' && kind !== 'native' && kind !== 'closure') return GROUPS[kind] ?? `(${kind})`
  const own = strings.at(name[node]!)
  const short = own.length > LONGEST_NAME ? `${own.slice(0, LONGEST_NAME)}...` : own
  if (kind === 'closure') return short === '' ? 'Function' : `Function ${short}`
  return short === '' ? '(no name)' : short
}
