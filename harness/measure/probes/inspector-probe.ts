import { MS_PER_SECOND } from '../../model/units.ts'
import type { Answer } from './inspector-connection.ts'
import { InspectorConnection } from './inspector-connection.ts'
import { NamedCounts } from './named-counts.ts'
import type { Probe, Reading } from './probe.ts'
import { ProbeError } from './probe.ts'

/** How long the process may say nothing: its loop may be busy, and a collection of a large heap takes seconds. */
const ANSWER_LIMIT_MS = 15 * MS_PER_SECOND
/** Before its first chunk, V8 walks the whole heap. */
const SNAPSHOT_SILENCE_MS = 120 * MS_PER_SECOND

/** Evaluated in the process. Memory comes first, so that it is not the memory of the list behind it. */
const LOOK = `(() => {
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage()
  const resources = Object.create(null)
  for (const type of process.getActiveResourcesInfo()) resources[type] = (resources[type] ?? 0) + 1
  return { rss, heapUsed, external, arrayBuffers, resources }
})()`
/** One turn of the process's loop. */
const TURN = 'new Promise((resolve) => setImmediate(resolve))'

interface Look {
  rss: unknown
  heapUsed: unknown
  external: unknown
  arrayBuffers: unknown
  resources: Readonly<Record<string, number>>
}

/**
 * Any Node process that was started with `--inspect`, on this machine, without a change of its code: memory after a
 * forced garbage collection, and what keeps its loop alive by type. The connection stays open between the samples, so
 * that it is always the same one socket among the process's descriptors, and lets go when the process wants to end.
 * Source: the DevTools protocol (HeapProfiler, Runtime) and Node's NodeRuntime.
 */
export class InspectorProbe implements Probe {
  readonly name: string
  /** The process behind the port, for whoever wants to look at it from outside as well. */
  readonly pid: number
  private readonly connection: InspectorConnection
  private readonly resources = new NamedCounts('resources', ['Timeout', 'TCPSocketWrap'])

  private constructor(pid: number, connection: InspectorConnection) {
    this.name = `inspector at ${connection.where}`
    this.pid = pid
    this.connection = connection
  }

  /**
   * Connects to 127.0.0.1; rejects with `ProbeError` when no Node process answers there.
   *
   * @param timeoutMs how long the process may be silent
   */
  static async open(port: number, timeoutMs: number = ANSWER_LIMIT_MS): Promise<InspectorProbe> {
    const connection = await InspectorConnection.open(port, timeoutMs)
    try {
      const pid = await evaluate(connection, 'process.pid')
      return new InspectorProbe(Number(pid), connection)
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  /** Collects garbage twice, with a turn of the loop between in which what was let go can finish. */
  async collect(): Promise<void> {
    const refusal = await this.forceCollection()
    if (refusal !== null) throw new ProbeError(`${refusal}; judge the counts of this process and not its bytes`)
  }

  async sample(): Promise<Reading[]> {
    const refusal = await this.forceCollection()
    const look = (await evaluate(this.connection, LOOK)) as Look
    return [
      ...(['heapUsed', 'external', 'arrayBuffers'] as const).map((name) => bytes(name, 'bytes', look[name], refusal)),
      bytes('rss', 'ceiling', look.rss, null),
      ...this.resources.readings(new Map(Object.entries(look.resources))),
    ]
  }

  /**
   * Takes a heap snapshot and hands its JSON text on as it comes, each piece when the one before is written. The process
   * stands still for the time and needs about as much memory again. What `write` cannot take waits here in memory.
   */
  async heapSnapshot(write: (chunk: string) => void | Promise<void>): Promise<void> {
    let written: Promise<void> = Promise.resolve()
    this.connection.onEvent = (method, { chunk }) => {
      if (method !== 'HeapProfiler.addHeapSnapshotChunk' || typeof chunk !== 'string') return
      written = written.then(() => write(chunk))
      // It is waited for below, but only once the last chunk has come.
      written.catch(() => undefined)
    }
    try {
      // Its reports of progress tell that it is alive.
      const params = { reportProgress: true }
      const answer = await this.connection.call('HeapProfiler.takeHeapSnapshot', params, SNAPSHOT_SILENCE_MS)
      if ('refused' in answer)
        throw new ProbeError(
          `${this.name} takes no heap snapshot (${answer.refused}); look at whether it is a Node process`,
        )
      await written
    } finally {
      this.connection.onEvent = () => undefined
    }
  }

  close(): Promise<void> {
    return this.connection.close()
  }

  /** Null when it is done, else why not. */
  private async forceCollection(): Promise<string | null> {
    const first = await this.connection.call('HeapProfiler.collectGarbage')
    await evaluate(this.connection, TURN)
    const second: Answer = 'refused' in first ? first : await this.connection.call('HeapProfiler.collectGarbage')
    return 'refused' in second ? `${this.name} forces no garbage collection (${second.refused})` : null
  }
}

function bytes(name: string, kind: 'bytes' | 'ceiling', value: unknown, refusal: string | null): Reading {
  const reading = { name, unit: 'bytes', kind } as const
  if (refusal !== null) return { ...reading, value: null, why: refusal }
  return typeof value === 'number'
    ? { ...reading, value }
    : { ...reading, value: null, why: `process.memoryUsage() of the process tells no ${name}` }
}

async function evaluate(connection: InspectorConnection, expression: string): Promise<unknown> {
  const answer = await connection.call('Runtime.evaluate', {
    expression,
    returnByValue: true,
    awaitPromise: true,
    silent: true,
  })
  const { result, exceptionDetails } = ('result' in answer ? answer.result : {}) as {
    result?: { value?: unknown }
    exceptionDetails?: { exception?: { description?: string } }
  }
  if (result === undefined || exceptionDetails !== undefined) {
    const said = 'refused' in answer ? answer.refused : (exceptionDetails?.exception?.description ?? 'no result')
    const line = said.split('\n')[0]
    throw new ProbeError(
      `the process behind the inspector at ${connection.where} cannot tell of itself (${line}); it must be Node 20 or later`,
    )
  }
  return result.value
}
