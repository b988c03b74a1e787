import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { dominators } from '../../../../harness/leaks/heap/dominators.ts'
import { outermostSizes } from '../../../../harness/leaks/heap/retained.ts'
import type { HeapSnapshot } from '../../../../harness/leaks/heap/snapshot.ts'
import { strongEdges } from '../../../../harness/leaks/heap/strong-edges.ts'
import type { MadeEdge, MadeNode } from './made-snapshot.ts'
import { made } from './made-snapshot.ts'

const treeOf = (snapshot: HeapSnapshot) => dominators(snapshot, strongEdges(snapshot))

/** What the root reaches by strong edges without going through `without`. */
function reached(snapshot: HeapSnapshot, without: number): Set<number> {
  const strong = strongEdges(snapshot)
  const found = new Set<number>(without === 0 ? [] : [0])
  for (const node of found)
    for (let edge = snapshot.firstEdge[node] ?? 0; edge < (snapshot.firstEdge[node + 1] ?? 0); edge += 1) {
      const target = snapshot.edgeTo[edge] ?? 0
      if (strong[edge] === 1 && target !== without) found.add(target)
    }
  return found
}

/** By definition: node -> all others that it dominates, and itself. */
function dominated(snapshot: HeapSnapshot, node: number): Set<number> {
  const without = reached(snapshot, node)
  return new Set([...reached(snapshot, -1)].filter((other) => !without.has(other)))
}

const graph = fc
  .array(
    fc.array(
      fc.record({
        to: fc.nat({ max: 11 }),
        type: fc.constantFrom('property', 'property', 'property', 'weak', 'shortcut', 'internal'),
      }),
      { maxLength: 4 },
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((lists) =>
    Object.fromEntries(
      lists.map((edges, at): [string, MadeNode] => [
        `n${at}`,
        {
          name: `C${at % 3}`,
          size: 2 ** at,
          edges: edges.map(({ to, type }): MadeEdge => [type, 'e', `n${to % lists.length}`]),
        },
      ]),
    ),
  )

describe('the tree', () => {
  test('agrees with the definition on any graph', () => {
    fc.assert(
      fc.property(graph, (nodes) => {
        const snapshot = made(nodes)
        const below = Array.from(snapshot.id, (_, node) => dominated(snapshot, node))
        const { order, parent } = treeOf(snapshot)
        expect([...order].toSorted((a, b) => a - b)).toEqual([...reached(snapshot, -1)].toSorted((a, b) => a - b))
        for (let at = 1; at < order.length; at += 1) {
          const node = order[at] ?? -1
          const above = [...order].filter((other) => other !== node && below[other]?.has(node))
          const nearest = above.find((other) => above.every((another) => below[another]?.has(other)))
          expect(order[parent[at] ?? -1]).toBe(nearest)
          expect(parent[at]).toBeLessThan(at)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('of a doubly linked list hangs every member on its head', () => {
    const length = 20_000
    const member = (at: number) => `m${at}`
    const nodes: Record<string, MadeNode> = {
      root: { edges: [['property', 'list', 'head']] },
      head: {
        edges: [
          ['property', 'next', member(0)],
          ['property', 'previous', member(length - 1)],
        ],
      },
    }
    for (let at = 0; at < length; at += 1)
      nodes[member(at)] = {
        name: 'Timeout',
        edges: [
          ['property', 'next', at + 1 < length ? member(at + 1) : 'head'],
          ['property', 'previous', at > 0 ? member(at - 1) : 'head'],
        ],
      }
    const { order, parent } = treeOf(linked(nodes))
    expect(order).toHaveLength(length + 2)
    expect(parent.slice(2).every((above) => above === 1)).toBe(true)
  })
})

/** `made` looks nodes up by their place in a list, which takes too long for this many. */
function linked(nodes: Readonly<Record<string, MadeNode>>): HeapSnapshot {
  const places = new Map(Object.keys(nodes).map((key, at) => [key, at]))
  const edges = Object.values(nodes).flatMap((node) => node.edges ?? [])
  const firstEdge = new Uint32Array(places.size + 1)
  for (const [at, node] of Object.values(nodes).entries())
    firstEdge[at + 1] = (firstEdge[at] ?? 0) + (node.edges?.length ?? 0)
  return {
    ...made({ root: {} }),
    nodeCount: places.size,
    id: new Uint32Array(places.size),
    firstEdge,
    edgeType: new Uint8Array(edges.length).fill(2),
    edgeName: new Uint32Array(edges.length),
    edgeTo: Uint32Array.from(edges, ([, , to]) => places.get(to) ?? 0),
  }
}

describe('what a class retains', () => {
  test('is what would go with all that are not inside another of it, on any graph', () => {
    fc.assert(
      fc.property(graph, fc.nat(), (nodes, seed) => {
        const snapshot = made(nodes)
        const marks = Uint8Array.from(snapshot.id, (_, node) => (seed >> node) & 1)
        const classOf = Uint32Array.from(snapshot.id, (_, node) => node % 3)
        const members = (index: number) =>
          [...reached(snapshot, -1)].filter((node) => node % 3 === index && marks[node] === 1)
        const expected = [0, 1, 2].map((index) => {
          const all = new Set(members(index).flatMap((node) => [...dominated(snapshot, node)]))
          return [...all].reduce((sum, node) => sum + (snapshot.selfSize[node] ?? 0), 0)
        })
        const sizes = outermostSizes(treeOf(snapshot), snapshot.selfSize, classOf, marks)
        const sums = [0, 0, 0]
        for (const [node, size] of sizes.entries()) if (size >= 0) sums[node % 3] = (sums[node % 3] ?? 0) + size
        expect(sums).toEqual(expected)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('strong edges', () => {
  const strongOf = (nodes: Readonly<Record<string, MadeNode>>) => [...strongEdges(made(nodes))]

  test('are all but weak ones and shortcuts; those of the root count', () => {
    const edges: MadeEdge[] = [
      ['property', 'p', 'a'],
      ['weak', 'w', 'a'],
      ['shortcut', 's', 'a'],
      ['hidden', 1, 'a'],
    ]
    expect(strongOf({ root: { edges }, a: { edges } })).toEqual([1, 0, 1, 1, 1, 0, 0, 1])
  })

  test('the value in a WeakMap hangs on its key and not on the table', () => {
    const name = '2 / part of key (Object @5) -> value (Array @7) pair in WeakMap (table @3)'
    const value: MadeEdge = ['internal', name, 'value']
    expect(
      strongOf({
        root: {},
        table: { type: 'array', id: 3, edges: [value] },
        key: {
          id: 5,
          edges: [value, ['internal', '2 / part of something else that is as long as such a name (7)', 'value']],
        },
        value: { id: 7 },
      }),
    ).toEqual([0, 1, 1])
  })
})
