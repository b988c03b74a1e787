import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createServer as createTcpServer } from 'node:net'

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

import { InspectorProbe } from '../../../../harness/measure/probes/inspector-probe.ts'
import type { Reading } from '../../../../harness/measure/probes/probe.ts'
import { ProbeError } from '../../../../harness/measure/probes/probe.ts'
import { ProcessProbe } from '../../../../harness/measure/probes/process-probe.ts'
import { HAS_PROC, isRunning, until } from '../../../support/processes.ts'
import type { NodeChild } from './node-child.ts'
import { endChild, startChild } from './node-child.ts'

const INSPECT = ['--inspect=127.0.0.1:0']
const MIB = 2 ** 20
/** For those who are silent on purpose; all others have the usual time, on a busy machine too. */
const SHORT_MS = 1000
const SNAPSHOT_SILENCE_MS = 120_000

const valueOf = (readings: readonly Reading[], name: string): number =>
  readings.find((reading) => reading.name === name)?.value ?? NaN

const refusal = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ProbeError)
  return (error as ProbeError).message
}

/** What would keep this process alive. */
const holding = () => process.getActiveResourcesInfo().filter((type) => type.startsWith('TCP')).length

describe('a process under inspection', () => {
  let child: NodeChild
  let probe: InspectorProbe

  beforeAll(async () => {
    child = await startChild(INSPECT)
    probe = await InspectorProbe.open(child.inspectorPort)
  })
  afterAll(async () => {
    await probe.close()
    await endChild(child)
  })

  test('it is the one with that pid', () => {
    expect(probe.pid).toBe(child.pid)
  })

  test('only memory after a collection is judged as bytes', async () => {
    const readings = await probe.sample()
    expect(readings.filter(({ unit }) => unit === 'bytes').map(({ name, kind }) => [name, kind])).toEqual([
      ['heapUsed', 'bytes'],
      ['external', 'bytes'],
      ['arrayBuffers', 'bytes'],
      ['rss', 'ceiling'],
    ])
    for (const { value } of readings) expect(value).not.toBeNull()
  })

  test('garbage is not seen, what is held is', async () => {
    await probe.sample()
    const before = await probe.sample()
    await child.run('for (let i = 0; i < 1e5; i++) [i, [i]]; new Array(1e6).fill(0.5); Buffer.alloc(5e6)')
    const garbage = await probe.sample()
    expect(valueOf(garbage, 'heapUsed') - valueOf(before, 'heapUsed')).toBeLessThan(MIB / 4)
    expect(valueOf(garbage, 'arrayBuffers')).toBe(valueOf(before, 'arrayBuffers'))

    await child.run('held.push(new Array(1e6).fill(0.5), Buffer.alloc(5e6))')
    const leak = await probe.sample()
    expect(valueOf(leak, 'heapUsed') - valueOf(before, 'heapUsed')).toBeGreaterThan(7 * MIB)
    expect(valueOf(leak, 'arrayBuffers') - valueOf(before, 'arrayBuffers')).toBe(5e6)
    await child.run('held.length = 0')
    expect(valueOf(await probe.sample(), 'arrayBuffers')).toBe(valueOf(before, 'arrayBuffers'))
  })

  test('a collection lets finish what was let go, and collects what that lets go', async () => {
    const before = valueOf(await probe.sample(), 'arrayBuffers')
    await child.run(
      `globalThis.kept = Buffer.alloc(5e6)
       globalThis.registry = new FinalizationRegistry(() => { kept = null })
       registry.register({})`,
    )
    expect(valueOf(await probe.sample(), 'arrayBuffers')).toBe(before)
  })

  test('a collection without a sample', async () => {
    await child.run('globalThis.weak = new WeakRef(new Array(1e6).fill(0.5))')
    await probe.collect()
    expect(await child.run('return weak.deref() === undefined')).toBe(true)
  })

  test('what keeps its loop alive, by type', async () => {
    const before = await probe.sample()
    await child.run(
      `for (let i = 0; i < 7; i++) held.push(setInterval(() => {}, 1e6))
       const server = require('net').createServer()
       held.push(server)
       await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))`,
    )
    const during = await probe.sample()
    expect(valueOf(during, 'resources Timeout') - valueOf(before, 'resources Timeout')).toBe(7)
    expect(valueOf(during, 'resources TCPServerWrap')).toBe(1)
    await child.run('held.pop().close(); for (const timer of held.splice(0)) clearInterval(timer)')
    const after = await probe.sample()
    expect(valueOf(after, 'resources Timeout')).toBe(valueOf(before, 'resources Timeout'))
    expect(valueOf(after, 'resources TCPServerWrap')).toBe(0)
  })

  test.runIf(HAS_PROC)('looking at it adds nothing to what is counted', async () => {
    const outside = await ProcessProbe.open(child.pid)
    const counts = async () => {
      const readings = [...(await probe.sample()), ...(await outside.sample())]
      return readings.filter(({ unit }) => unit === 'count').map(({ name, value }) => [name, value])
    }
    const first = await counts()
    for (let i = 0; i < 5; i += 1) await probe.sample()
    expect(await counts()).toEqual(first)
  })

  test('a heap snapshot comes in pieces and in order', async () => {
    await child.run('class PlantedThing {}; for (let i = 0; i < 10; i++) held.push(new PlantedThing())')
    const pieces: string[] = []
    let isWriting = false
    await probe.heapSnapshot(async (chunk) => {
      expect(isWriting).toBe(false)
      isWriting = true
      await new Promise((resolve) => setImmediate(resolve))
      pieces.push(chunk)
      isWriting = false
    })
    expect(pieces.length).toBeGreaterThan(10)
    const { snapshot, strings } = JSON.parse(pieces.join('')) as { snapshot: { node_count: number }; strings: string[] }
    expect(snapshot.node_count).toBeGreaterThan(1000)
    expect(strings).toContain('PlantedThing')
  })

  test('a heap snapshot that cannot be written fails with the reason, and the probe goes on', async () => {
    const full = new Error('disk full')
    await expect(probe.heapSnapshot(() => Promise.reject(full))).rejects.toBe(full)
    await expect(
      probe.heapSnapshot(() => {
        throw full
      }),
    ).rejects.toBe(full)
    expect(valueOf(await probe.sample(), 'heapUsed')).toBeGreaterThan(0)
  })
})

describe('a process that goes', () => {
  let child: NodeChild
  let probe: InspectorProbe
  const start = async (timeoutMs?: number) => {
    child = await startChild(INSPECT)
    probe = await InspectorProbe.open(child.inspectorPort, timeoutMs)
  }
  afterEach(async () => {
    await probe.close()
    await endChild(child)
  })

  test('it ends while it is asked', async () => {
    await start()
    process.kill(child.pid, 'SIGSTOP')
    const sample = refusal(probe.sample())
    process.kill(child.pid, 'SIGKILL')
    expect(await sample).toMatch(/^the process behind the inspector at 127\.0\.0\.1:\d+ has ended or closed/)
    expect(await refusal(probe.sample())).toContain('has ended')
  })

  test('it ends during a snapshot', async () => {
    await start()
    const snapshot = probe.heapSnapshot(() => {
      process.kill(child.pid, 'SIGKILL')
    })
    expect(await refusal(snapshot)).toContain('has ended')
  })

  test.each([
    ['it exits', 'setImmediate(() => process.exit(7))'],
    [
      'it has nothing more to do',
      'process.exitCode = 7; setImmediate(() => process.removeAllListeners("disconnect").disconnect())',
    ],
  ])('%s, and the probe does not hold it', async (_, code) => {
    await start()
    const exit = once(child.process, 'exit')
    await child.run(code)
    expect((await exit)[0]).toBe(7)
    expect(await refusal(probe.sample())).toContain('has ended')
  })

  test('it is stopped: it is silent for a while, and is asked again later', async () => {
    await start(SHORT_MS)
    process.kill(child.pid, 'SIGSTOP')
    expect(await refusal(probe.sample())).toMatch(/has not answered for 1 s; look at whether the process is stopped/)
    process.kill(child.pid, 'SIGCONT')
    const heapUsed = await until('it answers again', async () => {
      const readings = await probe.sample().catch(() => [])
      return valueOf(readings, 'heapUsed') > 0
    })
    expect(heapUsed).toBe(true)
  })
})

describe('after closing', () => {
  test.each(['running', 'stopped'])('nothing is left here of a %s process, which is left as it was', async (state) => {
    const child = await startChild(INSPECT)
    const before = holding()
    const probe = await InspectorProbe.open(child.inspectorPort)
    expect(holding()).toBeGreaterThan(before)
    if (state === 'stopped') process.kill(child.pid, 'SIGSTOP')
    await probe.close()
    expect(await until('the sockets are gone', () => holding() <= before)).toBe(true)
    expect(await refusal(probe.sample())).toContain('was closed here')
    await probe.close()
    process.kill(child.pid, 'SIGCONT')
    expect(isRunning(child.pid)).toBe(true)
    expect(await child.run('return 5')).toBe(5)
    await endChild(child)
  })

  test('a command on its way is refused', async () => {
    const child = await startChild(INSPECT)
    const probe = await InspectorProbe.open(child.inspectorPort)
    process.kill(child.pid, 'SIGSTOP')
    const sample = refusal(probe.sample())
    await probe.close()
    expect(await sample).toContain('was closed here')
    await endChild(child)
  })
})

describe('ports without an inspector', () => {
  const servers: { close(): unknown }[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })
  const sockets = new Set<Socket>()
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
  })

  async function http(listener: Parameters<typeof createServer>[1]): Promise<[number, Server]> {
    const server = createServer(listener as never)
    server.on('connection', (socket) => sockets.add(socket))
    servers.push(server)
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    return [(server.address() as AddressInfo).port, server]
  }

  async function tcp(listener: (socket: Socket) => void): Promise<number> {
    const server = createTcpServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
      listener(socket)
    })
    servers.push(server)
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    return (server.address() as AddressInfo).port
  }

  const open = (port: number, timeoutMs?: number) => refusal(InspectorProbe.open(port, timeoutMs))

  test('nothing listens', async () => {
    const [port, server] = await http(() => undefined)
    server.close()
    expect(await open(port)).toMatch(
      /^nothing listens on the inspector port 127\.0\.0\.1:\d+; start the server with node --inspect=/,
    )
  })

  test.each([
    ['a page', 200, '<html></html>'],
    ['no page', 404, '[]'],
    ['another list', 200, '[]'],
    ['null', 200, 'null'],
    ['a target of another kind', 200, '[{"type":"page","webSocketDebuggerUrl":"ws://127.0.0.1:1/x"}]'],
    ['no address', 200, '[{"type":"node"}]'],
    ['an address that is none', 200, '[{"type":"node","webSocketDebuggerUrl":"x"}]'],
    ['too much', 200, ' '.repeat(2 * MIB)],
    ['a list and then no WebSocket', 200, '[{"type":"node","webSocketDebuggerUrl":"ws://127.0.0.1:1/x"}]'],
  ])('%s', async (_, status, text) => {
    const [port] = await http((_request, response) => response.writeHead(status).end(text))
    expect(await open(port)).toMatch(/^127\.0\.0\.1:\d+ answers, but not as the inspector of a Node process; give/)
  })

  test('not even HTTP', async () => {
    expect(await open(await tcp((socket) => socket.write('220 mail\r\n')))).toContain('answers, but not as')
    expect(await open(await tcp((socket) => socket.end()))).toContain('answers, but not as')
  })

  test('silence', async () => {
    const before = holding()
    expect(await open(await tcp(() => undefined), SHORT_MS)).toContain('has not answered for 1 s')
    const [port] = await http((_request, response) => response.writeHead(200).write('['))
    expect(await open(port, SHORT_MS)).toContain('has not answered for 1 s')
    for (const server of servers.splice(0)) server.close()
    for (const socket of sockets) socket.destroy()
    expect(await until('nothing of it is left', () => holding() <= before)).toBe(true)
  })

  /** Speaks WebSocket as far as a probe needs it: short texts both ways. */
  async function fakeInspector(
    answer: (method: string, id: number, say: (text: string) => Promise<unknown>) => string | null,
  ): Promise<number> {
    const [port, server] = await http((request, response) =>
      response.end(`[{"type":"node","webSocketDebuggerUrl":"ws://${request.headers.host}/x"}]`),
    )
    server.on('upgrade', (request, socket) => {
      const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
      const accept = createHash('sha1').update(key).digest('base64')
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      )
      socket.on('error', () => undefined)
      let heard: (value: unknown) => void = () => undefined
      const send = (text: string) => {
        const head = Buffer.from([0x81, 126, 0, 0])
        head.writeUInt16BE(Buffer.byteLength(text), 2)
        socket.write(Buffer.concat([head, Buffer.from(text)]))
      }
      // A ping behind the text: when it is answered, the text has been read.
      const say = (text: string) => {
        send(text)
        socket.write(Buffer.from([0x89, 0]))
        return new Promise((resolve) => {
          heard = resolve
        })
      }
      socket.on('data', (frame: Buffer) => {
        if (frame[0] === 0x8a) heard(null)
        if (frame[0] !== 0x81) return
        const isLong = (frame[1] ?? 0) === 0xfe
        const length = isLong ? frame.readUInt16BE(2) : (frame[1] ?? 0) & 0x7f
        const mask = frame.subarray(isLong ? 4 : 2)
        const text = Buffer.from(mask.subarray(4, 4 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0)))
        const { method, id } = JSON.parse(text.toString()) as { method: string; id: number }
        const reply = answer(method, id, say)
        if (reply !== null) send(reply)
      })
    })
    return port
  }

  const value = (id: number, result: unknown) => JSON.stringify({ id, result: { result: { value: result } } })
  const LOOK = { rss: 1, heapUsed: 2, external: 3, resources: { Timeout: 4 } }

  test('without a collection there are no bytes, and counts all the same', async () => {
    const port = await fakeInspector((method, id) =>
      method === 'HeapProfiler.collectGarbage'
        ? JSON.stringify({ id, error: { code: -32601, message: 'not found' } })
        : value(id, LOOK),
    )
    const probe = await InspectorProbe.open(port)
    const why = `inspector at 127.0.0.1:${port} forces no garbage collection (not found)`
    const readings = await probe.sample()
    expect(readings.filter(({ kind }) => kind === 'bytes').map((reading) => [reading.value, reading.why])).toEqual([
      [null, why],
      [null, why],
      [null, why],
    ])
    expect([valueOf(readings, 'rss'), valueOf(readings, 'resources Timeout')]).toEqual([1, 4])
    expect(await refusal(probe.collect())).toBe(`${why}; judge the counts of this process and not its bytes`)
    await probe.close()
  })

  test('memory that is not told is null with its reason', async () => {
    const probe = await InspectorProbe.open(await fakeInspector((_, id) => value(id, LOOK)))
    const readings = await probe.sample()
    expect(readings.find(({ name }) => name === 'arrayBuffers')?.why).toContain('tells no arrayBuffers')
    expect(valueOf(readings, 'heapUsed')).toBe(2)
    await probe.close()
  })

  test('a process without what is asked for', async () => {
    const said = { exception: { description: 'ReferenceError: process is not defined\n    at x' }, text: 'Uncaught' }
    const port = await fakeInspector((_, id) =>
      JSON.stringify({ id, result: { result: { type: 'object' }, exceptionDetails: said } }),
    )
    expect(await open(port)).toMatch(/cannot tell of itself \(ReferenceError: process is not defined\); it must be/)
    expect(await open(await fakeInspector((_, id) => JSON.stringify({ id, error: { message: 'no such' } })))).toContain(
      'cannot tell of itself (no such)',
    )
  })

  test('what is no JSON', async () => {
    expect(await open(await fakeInspector(() => 'hello'))).toContain('answers, but not as the inspector')
    expect(await open(await fakeInspector(() => 'null'))).toContain('answers, but not as the inspector')
  })

  test('what reports on its progress is not silent, however long it takes', async () => {
    let asked: (snapshot: { id: number; say: (text: string) => Promise<unknown> }) => void
    const snapshot = new Promise<Parameters<typeof asked>[0]>((resolve) => {
      asked = resolve
    })
    const port = await fakeInspector((method, id, say) => {
      if (method !== 'HeapProfiler.takeHeapSnapshot') return value(id, 1)
      asked({ id, say })
      return null
    })
    const probe = await InspectorProbe.open(port)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const pieces: string[] = []
    const taken = probe.heapSnapshot((chunk) => void pieces.push(chunk))
    const { id, say } = await snapshot
    for (const chunk of ['a', 'b', 'c']) {
      vi.advanceTimersByTime(SNAPSHOT_SILENCE_MS - 1)
      await say(JSON.stringify({ method: 'HeapProfiler.reportHeapSnapshotProgress', params: { done: 1, total: 2 } }))
      vi.advanceTimersByTime(SNAPSHOT_SILENCE_MS - 1)
      await say(JSON.stringify({ method: 'HeapProfiler.addHeapSnapshotChunk', params: { chunk } }))
    }
    await say(JSON.stringify({ id, result: {} }))
    await taken
    expect(pieces).toEqual(['a', 'b', 'c'])
    const second = refusal(probe.heapSnapshot(() => undefined))
    vi.advanceTimersByTime(SNAPSHOT_SILENCE_MS)
    expect(await second).toContain('has not answered for 120 s')
    vi.useRealTimers()
    await probe.close()
  })

  test('answers to questions that were not asked', async () => {
    const port = await fakeInspector((_, id) => JSON.stringify({ id: id + 10, result: {} }))
    expect(await open(port, SHORT_MS)).toContain('has not answered for 1 s')
  })
})
