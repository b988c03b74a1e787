import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'

const MAIN = path.resolve(import.meta.dirname, '../../server/main.js')
/** Stopping takes the server's own grace period at most; then it is ended for good. */
const STOP_TIMEOUT_MS = 10_000

export interface ReferenceServer {
  url: string
  pid: number
  /** The process has ended, with its exit code or signal. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  stop(): Promise<void>
}

/** Starts the reference server as its own process on a free port of 127.0.0.1; it ends with this process, crash included. */
export async function startReferenceServer(
  args: readonly string[] = [],
  nodeArgs: readonly string[] = ['--expose-gc'],
  launcher: readonly string[] = [],
): Promise<ReferenceServer> {
  const command = [...launcher, process.execPath, ...nodeArgs, MAIN, '--exit-with-parent', ...args]
  // In a process group of its own: Ctrl-C in a terminal is for the run, which then ends the server when it is done.
  const child = spawn(command[0] ?? process.execPath, command.slice(1), {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  const complaints: string[] = []
  child.stderr.on('data', (chunk: Buffer) => {
    if (complaints.length < 20) complaints.push(chunk.toString())
  })
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  const lines = createInterface({ input: child.stdout })
  const url = await new Promise<string>((resolve, reject) => {
    lines.once('line', (line) => resolve((JSON.parse(line) as { url: string }).url))
    child.once('error', reject)
    void ended.then(({ code }) =>
      reject(new Error(`the reference server did not start (exit ${code}): ${complaints.join('').trim()}`)),
    )
  })
  return { url, pid: child.pid ?? -1, ended, stop: () => stop(child, ended) }
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  // A stopped process would only act on the signal once it goes on.
  child.kill('SIGCONT')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(timer)
}
