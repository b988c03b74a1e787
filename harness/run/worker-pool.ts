import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import path from 'node:path'

import type { FromWorker, ToWorker, WorkerConfig } from './protocol.ts'

const MAIN = path.join(import.meta.dirname, 'worker-main.js')
const STOP_TIMEOUT_MS = 15_000

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
  private stopping = false

  constructor(count: number, launcher: readonly string[] = []) {
    let reject: (error: Error) => void
    this.died = new Promise<never>((_, no) => {
      reject = no
    })
    this.died.catch(() => {})
    this.children = Array.from({ length: count }, () => launch(launcher))
    for (const [index, child] of this.children.entries()) {
      child.on('message', (message) => {
        for (const listener of this.listeners) listener(message as FromWorker)
      })
      child.on('error', (error) => reject(new Error(`worker ${index}: ${error.message}`)))
      child.on('exit', (code, signal) => {
        if (!this.stopping) reject(new Error(`worker ${index} ended by itself (${signal ?? `exit ${code}`})`))
      })
    }
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

  /** Resolves once `accept` has taken a message from each worker; rejects when a worker dies. */
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
    try {
      return await Promise.race([all, this.died])
    } finally {
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
  const options = { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] } as const
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
