import { spawnSync } from 'node:child_process'
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

import type { Grower } from '../../../../harness/leaks/heap/growers.ts'
import { topGrowers } from '../../../../harness/leaks/heap/growers.ts'
import { SnapshotParser } from '../../../../harness/leaks/heap/parser.ts'
import type { HeapSnapshot } from '../../../../harness/leaks/heap/snapshot.ts'
import type { MadeEdge, MadeNode } from './made-snapshot.ts'
import { made } from './made-snapshot.ts'

/** Not a number that anything else grows by. */
const CONNECTIONS = 211

const folder = mkdtempSync(path.join(tmpdir(), 'sse-harness-heap-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function read(file: string): Promise<HeapSnapshot> {
  const parser = new SnapshotParser()
  for await (const chunk of createReadStream(file)) parser.write(chunk as Buffer)
  return parser.end()
}

/** Runs the script, which defines `connect(n)`, in a process of its own with two snapshots, and compares these. */
async function growersOf(name: string, script: string): Promise<Grower[]> {
  const files = ['before', 'after'].map((when) => path.join(folder, `${name}-${when}.heapsnapshot`))
  const main = `${script}
const v8 = require('node:v8')
let made = 0
const cycle = (count) => { for (let i = 0; i < count; i += 1) connect(made++) }
cycle(20)
v8.writeHeapSnapshot(${JSON.stringify(files[0])})
cycle(${CONNECTIONS})
v8.writeHeapSnapshot(${JSON.stringify(files[1])})
process.exit(0)`
  const { status, stderr } = spawnSync(process.execPath, ['-e', main], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  const before = await read(files[0] ?? '')
  const after = await read(files[1] ?? '')
  return topGrowers(before, after, CONNECTIONS)
}

describe('in a process of Node that leaks for each connection', () => {
  test('a listener on an emitter', async () => {
    const growers = await growersOf(
      'listener',
      `const { EventEmitter } = require('node:events')
       const hub = new EventEmitter().setMaxListeners(0)
       function connect(id) {
         const response = { id, body: 'x'.repeat(100) + id }
         hub.on('message', function onMessage() { return response })
       }`,
    )
    expect(growers[0]).toMatchObject({ constructor: 'Function onMessage', perConnection: 1, countGrowth: CONNECTIONS })
    expect(growers[0]?.path.join(' / ')).toMatch(
      /variable hub: EventEmitter \/ \._events: Object \/ \.message: Array \/ \[\d+\]: Function onMessage$/,
    )
  })

  test('a timer', async () => {
    const growers = await growersOf(
      'timer',
      `function connect(id) { const response = { id }; setInterval(function beat() { return response }, 10_000).unref() }`,
    )
    expect(growers[0]).toMatchObject({ constructor: 'Timeout', perConnection: 1, countGrowth: CONNECTIONS })
    expect(growers[0]?.path.join(' / ')).toMatch(
      /variable timerListMap: Object \/ \[10000\]: TimersList \/ \._idleNext: Timeout/,
    )
    expect(growers.map(({ constructor }) => constructor)).toContain('Function beat')
  })

  test('a closure in a Map', async () => {
    const growers = await growersOf(
      'map',
      `class Client { constructor(id) { this.id = id; this.onClose = () => id } }
       const registry = new Map()
       function connect(id) { registry.set(id, new Client(id)) }`,
    )
    expect(growers[0]).toMatchObject({ constructor: 'Client', perConnection: 1, countGrowth: CONNECTIONS })
    expect(growers[0]?.path.join(' / ')).toMatch(/variable registry: Map \/ table \/ \[\d+\]: Client$/)
    const closure = growers.find(({ constructor }) => constructor.startsWith('Function'))
    expect(closure).toMatchObject({ constructor: 'Function', perConnection: 1 })
    expect(closure?.path.at(-1)).toBe('.onClose: Function')
  })

  test('an array as a queue', async () => {
    const growers = await growersOf(
      'queue',
      `const queue = []
       function connect(id) { for (let i = 0; i < 3; i += 1) queue.push(Buffer.alloc(5000, id)) }`,
    )
    expect(growers[0]).toMatchObject({ perConnection: 3, countGrowth: 3 * CONNECTIONS })
    expect(growers[0]?.constructor).toMatch(/^(Buffer|Uint8Array)$/)
    expect(growers[0]?.path.join(' / ')).toMatch(/variable queue: Array \/ \[\d+\]: (Buffer|Uint8Array)$/)
  })

  test('nothing: no constructor grows by as many', async () => {
    const growers = await growersOf(
      'clean',
      `const registry = new Map()
       function connect(id) { registry.set(id, { id }); registry.delete(id) }`,
    )
    expect(growers.filter(({ perConnection }) => perConnection !== null)).toEqual([])
  })
})

describe('the list', () => {
  const root = (edges: readonly MadeEdge[]): MadeNode => ({ type: 'synthetic', name: '', id: 1, edges })
  const EMPTY = made({ root: root([]) })

  test('has at most 10, and no ways to what is the engine\u0027s', () => {
    const nodes: Record<string, MadeNode> = {}
    for (let at = 0; at < 9; at += 1) nodes[`class${at}`] = { id: 2 * at + 3, size: 10 }
    for (const [at, type] of (['code', 'hidden', 'object shape'] as const).entries())
      nodes[type] = { type, id: 101 + 2 * at, size: 100 }
    const edges = Object.keys(nodes).map((name): MadeEdge => ['property', 'p', name])
    const growers = topGrowers(EMPTY, made({ root: root(edges), ...nodes }), null)
    expect(growers).toHaveLength(10)
    expect(growers[0]).toEqual({
      constructor: 'class0',
      countGrowth: 1,
      bytesGrowth: 10,
      retainedGrowth: 10,
      perConnection: null,
      path: ['(GC roots)', 'class0'],
    })
    expect(growers[9]).toMatchObject({ constructor: expect.stringMatching(/^\(/) as unknown, path: [] })
  })

  test('tells the way that most of the new ones have, and none to those that were there', () => {
    const client = (id: number): MadeNode => ({ name: 'Client', id })
    const old = client(201)
    const before = made({ root: root([['property', 'old', 'old']]), old })
    const after = made({
      root: root([
        ['property', 'old', 'old'],
        ['property', 'last', 'a'],
        ['property', 'list', 'list'],
      ]),
      old,
      list: { name: 'Array', id: 3, edges: ['b', 'c', 'd', 'e'].map((to, at): MadeEdge => ['element', at, to]) },
      a: client(5),
      b: client(7),
      c: client(9),
      d: client(11),
      e: client(13),
    })
    const found = topGrowers(before, after, 5).find(({ constructor }) => constructor === 'Client')
    expect(found).toMatchObject({ countGrowth: 5, perConnection: 1, path: ['(GC roots)', 'Array', '[2]: Client'] })
  })
})
