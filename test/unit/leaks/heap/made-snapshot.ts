import type { HeapSnapshot } from '../../../../harness/leaks/heap/snapshot.ts'
import { SnapshotParser } from '../../../../harness/leaks/heap/parser.ts'

const NODE_TYPES = [
  'hidden',
  'array',
  'string',
  'object',
  'code',
  'closure',
  'regexp',
  'number',
  'native',
  'synthetic',
  'concatenated string',
  'sliced string',
  'symbol',
  'bigint',
  'object shape',
] as const
const EDGE_TYPES = ['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak'] as const

export type MadeEdge = readonly [
  type: (typeof EDGE_TYPES)[number],
  /** A number where the type has an index. */
  name: string | number,
  /** Name of the node, which must be the only one of it. */
  to: string,
]

export interface MadeNode {
  readonly type?: (typeof NODE_TYPES)[number]
  readonly name?: string
  readonly size?: number
  readonly id?: number
  readonly edges?: readonly MadeEdge[]
}

/** As V8 11 (Node 20) writes them, with what is not read too. */
export function madeText(nodes: Readonly<Record<string, MadeNode>>): string {
  const keys = Object.keys(nodes)
  const strings: string[] = ['<dummy>']
  const text = (value: string): number => {
    const known = strings.indexOf(value)
    return known === -1 ? strings.push(value) - 1 : known
  }
  const rows = Object.entries(nodes).map(([key, { type = 'object', name = key, size = 8, id, edges = [] }], at) => [
    NODE_TYPES.indexOf(type),
    text(name),
    id ?? 2 * at + 1,
    size,
    edges.length,
    0,
    0,
  ])
  const width = rows[0]?.length ?? 0
  const edges = Object.values(nodes).flatMap((node) =>
    (node.edges ?? []).map(([type, name, to]) => [
      EDGE_TYPES.indexOf(type),
      typeof name === 'string' ? text(name) : name,
      keys.indexOf(to) * width,
    ]),
  )
  const meta = {
    node_fields: ['type', 'name', 'id', 'self_size', 'edge_count', 'trace_node_id', 'detachedness'],
    node_types: [NODE_TYPES, 'string', 'number', 'number', 'number', 'number', 'number'],
    edge_fields: ['type', 'name_or_index', 'to_node'],
    edge_types: [EDGE_TYPES, 'string_or_number', 'node'],
    trace_function_info_fields: ['function_id', 'name', 'script_name', 'script_id', 'line', 'column'],
    trace_node_fields: ['id', 'function_info_index', 'count', 'size', 'children'],
    sample_fields: ['timestamp_us', 'last_assigned_id'],
    location_fields: ['object_index', 'script_id', 'line', 'column'],
  }
  const head = { meta, node_count: rows.length, edge_count: edges.length, trace_function_count: 0 }
  const lines = (all: readonly (readonly number[])[]) => all.map((row) => row.join(',')).join('\n,')
  return `{"snapshot":${JSON.stringify(head)},
"nodes":[${lines(rows)}],
"edges":[${lines(edges)}],
"trace_function_infos":[],
"trace_tree":[1,2,[3,["] \\" }",{"a":[-1.5e3,null]}]]],
"samples":[],
"locations":[0,1,2,3],
"strings":[${strings.map((value) => JSON.stringify(value)).join(',\n')}]}
`
}

export function parsed(text: string): HeapSnapshot {
  const parser = new SnapshotParser()
  parser.write(text)
  return parser.end()
}

export const made = (nodes: Readonly<Record<string, MadeNode>>): HeapSnapshot => parsed(madeText(nodes))
