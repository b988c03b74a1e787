import { describe, expect, test } from 'vitest'

import { inspectHeap } from '../../../../harness/leaks/heap/constructors.ts'
import { pathWords } from '../../../../harness/leaks/heap/path-words.ts'
import { shortestRetainers } from '../../../../harness/leaks/heap/retainers.ts'
import type { MadeEdge, MadeNode } from './made-snapshot.ts'
import { made } from './made-snapshot.ts'

function pathTo(key: string, nodes: Readonly<Record<string, MadeNode>>): string[] {
  const { snapshot, strong, classes } = inspectHeap(made(nodes))
  return pathWords(snapshot, classes, shortestRetainers(snapshot, strong), Object.keys(nodes).indexOf(key))
}
const edge = (name: string, to: string): MadeEdge => ['property', name, to]
const ROOT: MadeNode = {
  type: 'synthetic',
  name: '',
  edges: [
    ['element', 1, 'roots'],
    ['shortcut', '2', 'globals'],
  ],
}
const ROOTS: MadeNode = { type: 'synthetic', name: '(GC roots)', edges: [['element', 1, 'handles']] }
const GLOBALS: MadeNode = { name: 'Object / ' }
const HANDLES: MadeNode = { type: 'synthetic', name: '(Global handles)' }
const ALL = { root: ROOT, roots: ROOTS, globals: GLOBALS, handles: HANDLES }

describe('words', () => {
  test('of every kind of reference, without the levels of the engine', () => {
    const path = pathTo('leaked', {
      ...ALL,
      globals: { ...GLOBALS, edges: [edge('connect', 'connect')] },
      connect: { type: 'closure', edges: [['internal', 'context', 'scope']] },
      scope: { name: 'system / Context', edges: [['internal', 'previous', 'outer']] },
      outer: { name: 'system / Context', edges: [['context', 'registry', 'map']] },
      map: { name: 'Map', edges: [['internal', 'table', 'table']] },
      table: { type: 'array', name: '', edges: [['internal', '37', 'entry']] },
      entry: { name: 'Object', edges: [edge('#own', 'own')] },
      own: { name: 'Own', edges: [edge('<symbol kQueue>', 'queue')] },
      queue: { name: 'Array', edges: [['internal', 'elements', 'elements']] },
      elements: { type: 'array', name: '(object elements)', edges: [['element', 5, 'item']] },
      item: { name: 'Item', edges: [edge('on-close', 'leaked')] },
      leaked: { type: 'closure', name: 'onClose' },
    })
    expect(path).toEqual([
      '(GC roots)',
      'global',
      '.connect: Function connect',
      'variable registry: Map',
      'table',
      '[37]: Object',
      '.#own: Own',
      '[Symbol(kQueue)]: Array',
      '[5]: Item',
      '["on-close"]: Function onClose',
    ])
  })

  test('of an object of the engine are said when it is the one that is asked for', () => {
    const nodes: Record<string, MadeNode> = {
      ...ALL,
      globals: { ...GLOBALS, edges: [edge('f', 'f')] },
      f: { type: 'closure', name: 'f', edges: [['internal', 'context', 'scope']] },
      scope: { name: 'system / Context', edges: [['internal', 'table', 'table']] },
      table: { type: 'array', name: '' },
    }
    expect(pathTo('scope', nodes).at(-1)).toBe('context: system / Context')
    expect(pathTo('table', nodes).at(-1)).toBe('table: (array)')
  })

  test('of the roots say which one it is, without their numbers', () => {
    const handles: MadeNode = { ...HANDLES, edges: [['element', 7, 'tcp']] }
    const nodes: Record<string, MadeNode> = {
      ...ALL,
      handles,
      tcp: { name: 'TCP', edges: [['internal', 'native_to_javascript', 'socket']] },
      socket: { name: 'Socket' },
    }
    expect(pathTo('socket', nodes)).toEqual(['(GC roots)', '(Global handles)', 'TCP', 'native_to_javascript: Socket'])
  })

  test('of a value in a WeakMap', () => {
    const name = '2 / part of key (Object @5) -> value (Array @7) pair in WeakMap (table @3)'
    const nodes: Record<string, MadeNode> = {
      ...ALL,
      globals: { ...GLOBALS, edges: [edge('key', 'key')] },
      key: { name: 'Key', edges: [['internal', name, 'value']] },
      value: { name: 'Value' },
    }
    expect(pathTo('value', nodes).at(-1)).toBe('value in WeakMap: Value')
  })

  test('that are long are cut', () => {
    const nodes: Record<string, MadeNode> = {
      ...ALL,
      globals: { ...GLOBALS, edges: [edge('p'.repeat(100), 'value')] },
      value: { name: 'v'.repeat(100) },
    }
    expect(pathTo('value', nodes).at(-1)).toBe(`.${'p'.repeat(59)}...: ${'v'.repeat(60)}...`)
  })
})

describe('of all ways', () => {
  const chain = (names: readonly string[], end: string): Record<string, MadeNode> =>
    Object.fromEntries(names.map((name, at) => [name, { edges: [edge('next', names[at + 1] ?? end)] }]))

  test('the shortest is told', () => {
    const nodes: Record<string, MadeNode> = {
      ...ALL,
      globals: { ...GLOBALS, edges: [edge('far', 'a'), edge('near', 'd')] },
      ...chain(['a', 'b', 'c'], 'leaked'),
      ...chain(['d'], 'leaked'),
      leaked: {},
    }
    expect(pathTo('leaked', nodes)).toEqual(['(GC roots)', 'global', '.near: d', '.next: leaked'])
  })

  test('one from the global object is better than a shorter one from other roots', () => {
    const nodes: Record<string, MadeNode> = {
      ...ALL,
      globals: { ...GLOBALS, edges: [edge('far', 'a')] },
      handles: { ...HANDLES, edges: [['element', 1, 'leaked']] },
      ...chain(['a', 'b', 'c'], 'leaked'),
      leaked: {},
    }
    expect(pathTo('leaked', nodes)).toEqual([
      '(GC roots)',
      'global',
      '.far: a',
      '.next: b',
      '.next: c',
      '.next: leaked',
    ])
  })

  test('one through compiled code or a hidden edge comes last, and is told when there is no other', () => {
    const globals: MadeNode = {
      ...GLOBALS,
      edges: [
        ['internal', 'code', 'code'],
        ['hidden', 3, 'other'],
      ],
    }
    const code: MadeNode = { type: 'code', name: '(code)', edges: [edge('feedback', 'leaked')] }
    const handles: MadeNode = { ...HANDLES, edges: [['element', 1, 'a']] }
    const nodes: Record<string, MadeNode> = { ...ALL, globals, code, leaked: {}, other: {} }
    expect(pathTo('leaked', nodes)).toEqual(['(GC roots)', 'global', 'code: (compiled code)', '.feedback: leaked'])
    expect(pathTo('other', nodes)).toEqual(['(GC roots)', 'global', 'other'])
    expect(pathTo('leaked', { ...nodes, handles, ...chain(['a', 'b'], 'leaked') })[1]).toBe('(Global handles)')
  })

  test('a weak one is none', () => {
    const globals: MadeNode = { ...GLOBALS, edges: [['weak', 'w', 'leaked']] }
    expect(pathTo('leaked', { ...ALL, globals, leaked: {} })).toEqual([])
  })

  test('a long one is told from its two ends', () => {
    const names = Array.from({ length: 1000 }, (_, at) => `n${at}`)
    const globals: MadeNode = { ...GLOBALS, edges: [edge('first', 'n0')] }
    const path = pathTo('leaked', { ...ALL, globals, ...chain(names, 'leaked'), leaked: {} })
    expect(path).toHaveLength(14)
    expect(path.slice(0, 3)).toEqual(['(GC roots)', 'global', '.first: n0'])
    expect(path[5]).toBe('... 990 more ...')
    expect(path.slice(-2)).toEqual(['.next: n999', '.next: leaked'])
  })

  test('one entry is not left out to say that one is left out', () => {
    const names = Array.from({ length: 11 }, (_, at) => `n${at}`)
    const globals: MadeNode = { ...GLOBALS, edges: [edge('first', 'n0')] }
    const path = pathTo('leaked', { ...ALL, globals, ...chain(names, 'leaked'), leaked: {} })
    expect(path).toHaveLength(14)
    expect(path.join()).not.toContain('more')
  })

  test('the members of a linked list are one entry', () => {
    const names = Array.from({ length: 1000 }, (_, at) => `n${at}`)
    const members = Object.entries(chain(names, 'leaked')).map(([key, node]) => [key, { ...node, name: 'Timeout' }])
    const globals: MadeNode = { ...GLOBALS, edges: [edge('first', 'n0')] }
    const nodes = Object.fromEntries(members) as Record<string, MadeNode>
    expect(pathTo('leaked', { ...ALL, globals, ...nodes, leaked: {} })).toEqual([
      '(GC roots)',
      'global',
      '.first: Timeout',
      '.next: Timeout (999 times)',
      '.next: leaked',
    ])
  })
})
