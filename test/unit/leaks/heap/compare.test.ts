import { describe, expect, test } from 'vitest'

import { compareHeaps } from '../../../../harness/leaks/heap/compare.ts'
import { byConstructor, inspectHeap } from '../../../../harness/leaks/heap/constructors.ts'
import type { MadeEdge, MadeNode } from './made-snapshot.ts'
import { made } from './made-snapshot.ts'

/** A root that holds so many of each; an id is a name and a number, so that it stays between two snapshots. */
function heap(counts: Readonly<Record<string, number>>) {
  const nodes: Record<string, MadeNode> = {}
  const edges: MadeEdge[] = []
  for (const [at, [name, count]] of Object.entries(counts).entries())
    for (let n = 0; n < count; n += 1) {
      nodes[`${name}${n}`] = {
        name,
        id: 100_000 * (at + 1) + n,
        size: SIZES[name] ?? 8,
        type: ENGINE_TYPES[name] ?? 'object',
      }
      edges.push(['property', 'held', `${name}${n}`])
    }
  return inspectHeap(made({ root: { type: 'synthetic', name: '', id: 1, edges }, ...nodes }))
}
const SIZES: Readonly<Record<string, number>> = { Cache: 100_000, compiled: 100_000 }
const ENGINE_TYPES: Readonly<Record<string, NonNullable<MadeNode['type']>>> = {
  compiled: 'code',
  map: 'object shape',
  internal: 'hidden',
}
const growths = (before: Parameters<typeof heap>[0], after: Parameters<typeof heap>[0], connections: number | null) =>
  compareHeaps(heap(before), heap(after), connections).growths

describe('by constructor', () => {
  test('counts, bytes and what is retained', () => {
    const snapshot = made({
      root: {
        type: 'synthetic',
        name: '',
        size: 0,
        edges: [
          ['property', 'a', 'map'],
          ['weak', 'w', 'lost'],
        ],
      },
      map: { name: 'Map', size: 10, edges: [['internal', 'table', 'table']] },
      table: {
        type: 'array',
        name: '',
        size: 100,
        edges: [
          ['internal', '0', 'x'],
          ['internal', '1', 'y'],
        ],
      },
      x: {
        name: 'Client',
        size: 1,
        edges: [
          ['property', 'peer', 'inner'],
          ['property', 'text', 'text'],
        ],
      },
      y: { name: 'Client', size: 1, edges: [['property', 'text', 'text']] },
      inner: { name: 'Client', size: 1 },
      text: { type: 'concatenated string', name: 'hello', size: 1000 },
      lost: { name: 'Lost', size: 7 },
    })
    expect(byConstructor(inspectHeap(snapshot))).toEqual([
      { constructor: '(roots)', count: 1, selfBytes: 0, retainedBytes: 1113 },
      { constructor: 'Map', count: 1, selfBytes: 10, retainedBytes: 1113 },
      { constructor: '(array)', count: 1, selfBytes: 100, retainedBytes: 1103 },
      { constructor: '(string)', count: 1, selfBytes: 1000, retainedBytes: 1000 },
      { constructor: 'Client', count: 3, selfBytes: 3, retainedBytes: 3 },
      { constructor: 'Lost', count: 1, selfBytes: 7, retainedBytes: 0 },
    ])
  })

  test.each([
    ['closure', 'onClose', 'Function onClose'],
    ['closure', '', 'Function'],
    ['object', '', '(no name)'],
    ['object', 'x'.repeat(90), `${'x'.repeat(80)}...`],
    ['native', 'TCPWRAP', 'TCPWRAP'],
    ['regexp', 'a+', 'RegExp'],
    ['string', 'secret', '(string)'],
    ['sliced string', 'secret', '(string)'],
    ['number', 'heap number', '(number)'],
    ['code', 'system / FeedbackVector', '(compiled code)'],
    ['hidden', 'system / WeakCell', '(system)'],
    ['object shape', 'system / Map', '(object shape)'],
  ] as const)('a %s with the name "%s" is %s', (type, name, constructor) => {
    const heapOfOne = inspectHeap(made({ root: { type, name } }))
    expect(heapOfOne.classes.names).toEqual([constructor])
  })
})

describe('growth', () => {
  test('counts new and freed objects by their ids', () => {
    const held = (id: number, size: number): MadeNode => ({ name: 'Client', id, size })
    const root = (...to: string[]): MadeNode => ({ id: 1, edges: to.map((name): MadeEdge => ['property', 'p', name]) })
    const before = made({ root: root('a', 'b'), a: held(3, 10), b: held(5, 10) })
    const after = made({ root: root('b', 'c', 'd'), b: held(5, 10), c: held(7, 100), d: held(9, 100) })
    const { growths: found, outermost } = compareHeaps(inspectHeap(before), inspectHeap(after), null)
    expect(found).toEqual([
      {
        constructor: 'Client',
        created: 2,
        freed: 1,
        countGrowth: 1,
        bytesGrowth: 190,
        retainedGrowth: 190,
        perConnection: null,
      },
    ])
    expect([...outermost]).toEqual([-1, -1, 100, 100])
  })

  test('of what new objects retain leaves out what was there before', () => {
    const old: MadeNode = { name: 'Server', id: 3, size: 1000 }
    const before = made({ root: { id: 1, edges: [['property', 'p', 'server']] }, server: old })
    const after = made({
      root: { id: 1, edges: [['property', 'p', 'client']] },
      server: old,
      client: {
        name: 'Client',
        id: 5,
        size: 10,
        edges: [
          ['property', 's', 'server'],
          ['property', 'b', 'buffer'],
        ],
      },
      buffer: { name: 'Buffer', id: 7, size: 500 },
    })
    expect(compareHeaps(inspectHeap(before), inspectHeap(after), null).growths).toMatchObject([
      { constructor: 'Client', retainedGrowth: 510 },
      { constructor: 'Buffer', retainedGrowth: 500 },
    ])
  })

  test('without any is nothing', () => {
    expect(growths({ Client: 5, Server: 1 }, { Client: 5 }, 10)).toEqual([])
  })

  test.each([
    [100, 100, 1],
    [103, 100, 1],
    [97, 100, 1],
    [104, 100, null],
    [96, 100, null],
    [303, 100, 3],
    [350, 100, null],
    [3, 100, null],
    [10, 10, 1],
    [11, 10, null],
    [10, 0, null],
    [10, null, null],
  ])('of %i objects with %s connections is %s per connection', (count, connections, each) => {
    expect(growths({}, { Client: count }, connections)[0]?.perConnection).toBe(each)
  })

  test('with the connections stands first, then by what is retained, and the engine itself last', () => {
    const before = heap({ Once: 1, Twice: 1, Aborted: 1, Cache: 1, compiled: 1, map: 1, internal: 1 })
    const after = heap({ Once: 51, Twice: 101, Aborted: 18, Cache: 9, compiled: 201, map: 51, internal: 3 })
    const found = compareHeaps(before, after, 50).growths
    expect(found.map(({ constructor, perConnection }) => [constructor, perConnection])).toEqual([
      ['Twice', 2],
      ['Once', 1],
      ['Aborted', null],
      ['Cache', null],
      ['(compiled code)', 4],
      ['(object shape)', 1],
      ['(system)', null],
    ])
  })

  test('of the table of a Map that has outgrown it stands behind what is in it', () => {
    const map = (table: string): MadeNode => ({ name: 'Map', id: 3, edges: [['internal', 'table', table]] })
    const root: MadeNode = { id: 1, edges: [['property', 'p', 'map']] }
    const before = made({ root, map: map('small'), small: { type: 'array', name: '', id: 5, size: 100 } })
    const after = made({
      root,
      map: map('large'),
      large: {
        type: 'array',
        name: '',
        id: 7,
        size: 400,
        edges: [
          ['internal', '0', 'a'],
          ['internal', '1', 'b'],
        ],
      },
      a: { name: 'Client', id: 9, size: 10, edges: [['internal', 'elements', 'own']] },
      own: { type: 'array', name: '', id: 11 },
      b: { name: 'Client', id: 13, size: 10, edges: [['internal', 'elements', 'other']] },
      other: { type: 'array', name: '', id: 15 },
    })
    const found = compareHeaps(inspectHeap(before), inspectHeap(after), 2).growths
    expect(found.map(({ constructor }) => constructor)).toEqual(['Client', '(array)'])
  })

  test('of bytes alone stands behind growth of objects', () => {
    const before = made({ root: { id: 1, edges: [['property', 'p', 'a']] }, a: { name: 'List', id: 3, size: 10 } })
    const after = made({
      root: {
        id: 1,
        edges: [
          ['property', 'p', 'a'],
          ['property', 'p', 'b'],
        ],
      },
      a: { name: 'List', id: 3, size: 10_000 },
      b: { name: 'Item', id: 5, size: 1 },
    })
    expect(compareHeaps(inspectHeap(before), inspectHeap(after), null).growths).toMatchObject([
      { constructor: 'Item', countGrowth: 1 },
      { constructor: 'List', countGrowth: 0, bytesGrowth: 9990, created: 0 },
    ])
  })
})
