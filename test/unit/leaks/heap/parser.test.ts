import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { SnapshotError } from '../../../../harness/leaks/heap/layout.ts'
import { SnapshotParser } from '../../../../harness/leaks/heap/parser.ts'
import type { HeapSnapshot } from '../../../../harness/leaks/heap/snapshot.ts'
import { madeText, parsed } from './made-snapshot.ts'

const ODD = 'a "quoted" \\ name\twith \u0001, é and 😀'
const TEXT = madeText({
  root: {
    type: 'synthetic',
    name: '',
    size: 0,
    edges: [
      ['shortcut', '1', 'a'],
      ['element', 2, 'b'],
    ],
  },
  a: { name: ODD, size: 5_000_000_000, id: 4_294_967_295, edges: [['property', ODD, 'b']] },
  b: { type: 'closure', name: 'onClose' },
})

/** Everything that can be read from it, with the strings in place of their indexes. */
const seen = (snapshot: HeapSnapshot) => ({
  nodes: Array.from(snapshot.type, (type, node) => ({
    type: snapshot.nodeTypes[type],
    name: snapshot.strings.at(snapshot.name[node] ?? -1),
    id: snapshot.id[node],
    size: snapshot.selfSize[node],
    edges: [snapshot.firstEdge[node], snapshot.firstEdge[node + 1]],
  })),
  edges: Array.from(snapshot.edgeType, (type, edge) => ({
    type: snapshot.edgeTypes[type],
    name: snapshot.edgeName[edge],
    to: snapshot.edgeTo[edge],
  })),
  strings: Array.from({ length: snapshot.strings.count }, (_, index) => snapshot.strings.at(index)),
})

function parsedIn(chunks: readonly Parameters<SnapshotParser['write']>[0][]): HeapSnapshot {
  const parser = new SnapshotParser()
  for (const chunk of chunks) parser.write(chunk)
  return parser.end()
}

describe('a whole snapshot', () => {
  test('becomes columns', () => {
    expect(seen(parsed(TEXT))).toMatchObject({
      nodes: [
        { type: 'synthetic', name: '', id: 1, size: 0, edges: [0, 2] },
        { type: 'object', name: ODD, id: 4_294_967_295, size: 5_000_000_000, edges: [2, 3] },
        { type: 'closure', name: 'onClose', id: 5, size: 8, edges: [3, 3] },
      ],
      edges: [
        { type: 'shortcut', to: 1 },
        { type: 'element', name: 2, to: 2 },
        { type: 'property', to: 2 },
      ],
    })
  })

  test('has its strings as they were', () => {
    const { strings } = parsed(TEXT)
    expect(strings.at(parsed(TEXT).edgeName[2] ?? -1)).toBe(ODD)
    expect(strings.at(strings.count)).toBe('')
  })

  test('has its fields where its own head says, in any order and among others', () => {
    const snapshot = parsed(`{"snapshot":{"meta":{
      "node_fields":["edge_count","new","self_size","id","name","type"],
      "node_types":["number","number","number","number","string",["x","object"]],
      "edge_fields":["to_node","type","name_or_index"],
      "edge_types":["node",["weak","property"],"string_or_number"]},"node_count":2,"edge_count":1},
      "nodes":[1,7,30,3,0,0, 0,7,40,5,1,1], "edges":[6,1,0], "strings":["A","B"]}`)
    expect(seen(snapshot)).toEqual({
      nodes: [
        { type: 'x', name: 'A', id: 3, size: 30, edges: [0, 1] },
        { type: 'object', name: 'B', id: 5, size: 40, edges: [1, 1] },
      ],
      edges: [{ type: 'property', name: 0, to: 1 }],
      strings: ['A', 'B'],
    })
  })

  test('with many strings, and long ones', () => {
    const name = 'x'.repeat(200_000)
    const edges = Array.from({ length: 9000 }, (_, at) => ['property', `p${at}`, 'root'] as const)
    const { strings } = parsed(madeText({ root: { name, edges } }))
    expect(strings.at(1)).toBe(name)
    expect(strings.at(9001)).toBe('p8999')
  })

  test('with an escape that JSON has not gives the text as it stands', () => {
    expect(parsed(TEXT.replace('onClose', String.raw`on\qClose`)).strings.at(3)).toBe(String.raw`on\qClose`)
  })
})

describe('chunks', () => {
  const whole = seen(parsed(TEXT))
  const bytes = Buffer.from(TEXT)

  test('of one byte', () => {
    expect(seen(parsedIn(Array.from(bytes, (byte) => Buffer.of(byte))))).toEqual(whole)
  })

  test('of two at every place', () => {
    for (let at = 0; at <= bytes.length; at += 1)
      expect(seen(parsedIn([bytes.subarray(0, at), bytes.subarray(at)])), `cut at ${at}`).toEqual(whole)
    for (let at = 0; at <= TEXT.length; at += 1)
      expect(seen(parsedIn([TEXT.slice(0, at), TEXT.slice(at)])), `cut at ${at}`).toEqual(whole)
  })

  test('of any number at any places, as strings and as bytes', () => {
    const places = fc.array(fc.nat({ max: TEXT.length }), { maxLength: 20 })
    fc.assert(
      fc.property(places, fc.boolean(), (cuts, asText) => {
        const source = asText ? TEXT : bytes
        const ends = [...cuts, source.length].toSorted((a, b) => a - b)
        const chunks = ends.map((end, at) => source.slice(ends[at - 1] ?? 0, end))
        expect(seen(parsedIn(chunks))).toEqual(whole)
      }),
    )
  })
})

describe('what is not a snapshot is named', () => {
  test('wherever the text ends too early', () => {
    for (let end = 0; end < TEXT.trimEnd().length; end += 1)
      expect(() => parsed(TEXT.slice(0, end)), `cut at ${end}`).toThrow(SnapshotError)
  })

  test.each([
    ['something else', '[1]', 'unexpected "["'],
    ['more behind it', `${TEXT}{`, 'unexpected "{"'],
    ['nothing in it', '{}', 'no member "snapshot"'],
    ['nodes before their layout', '{"nodes":[1]}', '"nodes" stands before "snapshot"'],
    ['nodes that are no list', TEXT.replace('"nodes":[', '"nodes":{'), '"nodes" is not a list'],
    ['a broken head', '{"snapshot":{"meta"},"nodes":[]}', 'is not JSON'],
    ['a head that is no object', '{"snapshot":1,"nodes":[]}', 'snapshot is not an object'],
    ['a second head', TEXT.replace('"samples":[]', '"snapshot":{}'), 'two members'],
    ['a head without end', `{"snapshot":[${'1,'.repeat(600_000)}`, 'too long'],
    ['a key without end', `{"${'k'.repeat(1_100_000)}`, 'a name without end'],
    ['a field that is missing', TEXT.replace('"self_size"', '"size"'), 'node_fields has no "self_size"'],
    ['types that are missing', TEXT.replace('"edge_types"', '"types"'), 'edge_types is not a list'],
    ['a count that is none', TEXT.replace('"node_count":3', '"node_count":-3'), 'node_count is -3'],
    ['a count that nobody has', TEXT.replace('"node_count":3', '"node_count":3e12'), 'node_count is 3000000000000'],
    ['too few nodes', TEXT.replace('"node_count":3', '"node_count":4'), '3 of 4 nodes'],
    ['too many nodes', TEXT.replace('"node_count":3', '"node_count":2'), 'more nodes than the 2'],
    ['too few edges', TEXT.replace('"edge_count":3', '"edge_count":4'), '3 of 4 edges'],
    ['a fraction', TEXT.replace(',5000000000,', ',5.5,'), 'more than whole numbers'],
    ['an id of more than 32 bits', TEXT.replace('4294967295', '4294967296'), '4294967296 in field 2 of row 1'],
    ['a type that there is not', TEXT.replace('"nodes":[9', '"nodes":[99'), '99 in field 0 of row 0'],
    ['an edge to nowhere', TEXT.replace(/,14\]/, ',21]'), 'leads to no node'],
    ['an edge into the middle of a node', TEXT.replace(/,14\]/, ',13]'), 'leads to no node'],
    ['nodes with other edges than there are', TEXT.replace(/,8,0,0,0\]/, ',8,1,0,0]'), 'the nodes have 4 edges'],
  ])('%s', (_what, text, message) => {
    expect(() => parsed(text)).toThrow(message)
  })

  test('no nodes', () => {
    expect(() => parsed(madeText({}))).toThrow('no nodes')
  })
})
