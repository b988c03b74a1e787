import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import path from 'node:path'

import { MS_PER_SECOND } from '../model/units.ts'
import type { FromWorker, ToWorker, WorkerConfig } from './protocol.ts'

const MAIN = path.join(import.meta.dirname, 'worker-main.js')
const STOP_TIMEOUT_MS = 15_000
/** Workers answer within a turn of their loop; one that does not for this long is never going to. */
const ANSWER_TIMEOUT_MS = 60_000

/** Told of every message of every worker, in order. */
export type WorkerListener = (message: FromWorker) => void

/**
 * The load generator's processes: descriptors, heap and event loop are limited per process, so more streams than one
 * can hold take more processes. They end with the coordinator, crash included, because their channel closes.
 */
export class WorkerPool {
  private readonly children: ChildProcess[]
  private readonly listeners = new Set<WorkerListener>()
  private readonly died: Promise<never>
  private readonly fail: (error: Error) => void
  private stopping = false

  constructor(count: number, launcher: readonly string[] = []) {
    let fail = (_error: Error): void => {}
    this.died = new Promise<never>((_, reject) => {
      fail = reject
    })
    this.fail = fail
    this.died.catch(() => {})
    this.children = Array.from({ length: count }, () => launch(launcher))
    for (const [index, child] of this.children.entries()) {
      child.on('message', (message) => this.take(message as FromWorker))
      child.on('error', (error) => fail(new Error(`worker ${index}: ${error.message}`)))
      child.on('exit', (code, signal) => {
        if (!this.stopping) fail(new Error(`worker ${index} ended by itself (${signal ?? `exit ${code}`})`))
      })
    }
  }

  private take(message: FromWorker): void {
    // After a bug in a worker its figures mean nothing.
    if (message.type === 'bug') this.fail(new Error(`in worker ${message.worker}: ${message.message}`))
    else for (const listener of this.listeners) listener(message)
  }

  get size(): number {
    return this.children.length
  }

  get pids(): number[] {
    return this.children.map((child) => child.pid ?? -1)
  }

  listen(listener: WorkerListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Resolves once `accept` has taken a message from each worker; rejects when a worker dies or stays silent. */
  async fromEach<T>(accept: (message: FromWorker) => T | null): Promise<T[]> {
    let remove = (): void => {}
    const all = new Promise<T[]>((resolve) => {
      const got: T[] = []
      remove = this.listen((message) => {
        const value = accept(message)
        if (value !== null) got.push(value)
        if (got.length === this.size) resolve(got)
      })
    })
    const silent = () => this.fail(new Error(`a worker has not answered for ${ANSWER_TIMEOUT_MS / MS_PER_SECOND} s`))
    const timer = setTimeout(silent, ANSWER_TIMEOUT_MS)
    try {
      return await Promise.race([all, this.died])
    } finally {
      clearTimeout(timer)
      remove()
    }
  }

  /** Rejects when a worker dies before `promise` is done. */
  async orDeath<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.died])
  }

  start(configs: readonly WorkerConfig[]): void {
    for (const [index, child] of this.children.entries()) {
      const config = configs[index]
      if (config !== undefined) child.send({ type: 'start', config } satisfies ToWorker)
    }
  }

  send(message: ToWorker): void {
    for (const child of this.children) if (child.connected) child.send(message)
  }

  /** Ends every worker and waits until it is gone. */
  async close(): Promise<void> {
    this.stopping = true
    await Promise.all(this.children.map(end))
  }
}

function launch(launcher: readonly string[]): ChildProcess {
  // In a process group of its own, because Ctrl-C reaches the whole group of a terminal, also a worker that is not up yet.
  const options = {
    serialization: 'advanced',
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  } as const
  const [command, ...args] = launcher
  // A launcher such as `taskset -c 1` runs node itself; the channel is inherited through it.
  if (command === undefined) return fork(MAIN, [], { ...options, stdio: [...options.stdio] })
  return fork(MAIN, [], {
    ...options,
    stdio: [...options.stdio],
    execPath: command,
    execArgv: [...args, process.execPath],
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  if (child.connected) child.disconnect()
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await gone
  clearTimeout(timer)
}
