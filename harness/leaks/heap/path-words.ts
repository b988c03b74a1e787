import type { Classes } from './constructors.ts'
import type { Retainers } from './retainers.ts'
import type { HeapSnapshot } from './snapshot.ts'
import { isWeakMapValue } from './strong-edges.ts'

/** One edge on the way from a root, with the node that it leads to. */
interface Step {
  readonly from: number
  readonly edge: number
  readonly node: number
}

const ROOTS = '(GC roots)'
/** Of a long way the two ends are shown. What holds the object stands near its end. */
const HEAD = 4
const TAIL = 8
const LONGEST_WORD = 60
/** Private names are written as in the source too. */
const IDENTIFIER = /^#?[\p{ID_Start}$_][\p{ID_Continue}$]*$/u
const SYMBOL = /^<symbol (.*)>$/s

/**
 * The way that keeps the node alive, from the root, one entry per object: the name of the reference, a colon and what it
 * leads to, as `.onClose: Function onClose`. Levels that only the engine knows (scopes, backing stores) are left out.
 * Empty when only weak references hold it. At most `HEAD + TAIL + 2` entries.
 */
export function pathWords(snapshot: HeapSnapshot, classes: Classes, retainers: Retainers, node: number): string[] {
  const way = wayTo(retainers, node)
  if (way.length === 0) return []
  const shown = way.filter((step) => step.node === node || !isDull(snapshot, step))
  const words = folded(shown.map((step) => wordOf(snapshot, classes, step, step.node === node)))
  const left = words.length - HEAD - TAIL
  // The line that says how many are left out would take the place of one.
  if (left <= 1) return [ROOTS, ...words]
  return [ROOTS, ...words.slice(0, HEAD), `... ${left} more ...`, ...words.slice(-TAIL)]
}

/** Members of a linked list, one after the other, are one entry. */
function folded(words: readonly string[]): string[] {
  const found: { word: string; times: number }[] = []
  for (const word of words) {
    const last = found.at(-1)
    if (last?.word === word) last.times += 1
    else found.push({ word, times: 1 })
  }
  return found.map(({ word, times }) => (times === 1 ? word : `${word} (${times} times)`))
}

function wayTo({ edge, from }: Retainers, node: number): Step[] {
  const way: Step[] = []
  for (let at = node; edge[at]! >= 0; at = from[at]!) way.push({ from: from[at]!, edge: edge[at]!, node: at })
  return way.toReversed()
}

function isDull(snapshot: HeapSnapshot, { from, edge, node }: Step): boolean {
  if (from === 0 && nodeName(snapshot, node) === ROOTS) return true
  const kind = kindOf(snapshot, node)
  if (kind === 'hidden' || (kind === 'object' && nodeName(snapshot, node).startsWith('system / '))) return true
  if (kind !== 'array') return false
  const name = edgeKind(snapshot, edge) === 'internal' ? snapshot.strings.at(snapshot.edgeName[edge]!) : ''
  return name === 'elements' || name === 'properties'
}

function wordOf(snapshot: HeapSnapshot, classes: Classes, { from, edge, node }: Step, isLast: boolean): string {
  if (from === 0 && edgeKind(snapshot, edge) === 'shortcut') return 'global'
  const reference = kindOf(snapshot, from) === 'synthetic' ? '' : referenceWord(snapshot, edge)
  const kind = kindOf(snapshot, node)
  const name = kind === 'synthetic' ? nodeName(snapshot, node) : classes.names[classes.of[node]!]!
  if (reference === '') return short(name)
  return kind === 'array' && !isLast ? short(reference) : `${short(reference)}: ${short(name)}`
}

function referenceWord(snapshot: HeapSnapshot, edge: number): string {
  const index = snapshot.edgeName[edge]!
  switch (edgeKind(snapshot, edge)) {
    case 'property':
      return propertyWord(snapshot.strings.at(index))
    case 'element':
      return `[${index}]`
    case 'context':
      return `variable ${snapshot.strings.at(index)}`
    case 'internal':
      return internalWord(snapshot.strings.at(index))
    default:
      return ''
  }
}

function propertyWord(name: string): string {
  const symbol = SYMBOL.exec(name)?.[1]
  if (symbol !== undefined) return `[Symbol(${symbol})]`
  return IDENTIFIER.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}

function internalWord(name: string): string {
  if (/^\d+$/.test(name)) return `[${name}]`
  return isWeakMapValue(name) ? 'value in WeakMap' : name
}

function short(word: string): string {
  return word.length > LONGEST_WORD ? `${word.slice(0, LONGEST_WORD)}...` : word
}

const kindOf = (snapshot: HeapSnapshot, node: number): string => snapshot.nodeTypes[snapshot.type[node]!] ?? ''
const edgeKind = (snapshot: HeapSnapshot, edge: number): string => snapshot.edgeTypes[snapshot.edgeType[edge]!] ?? ''
const nodeName = (snapshot: HeapSnapshot, node: number): string => snapshot.strings.at(snapshot.name[node]!)
