import { spawn } from 'node:child_process'
import type { ChildProcess, StdioOptions } from 'node:child_process'

import { onExit } from './exit-hooks.ts'

export interface Ending {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A process in a group of its own, so that Ctrl-C in a terminal is for us, and that nothing of it is left behind. */
export interface ProcessGroup {
  child: ChildProcess
  /** The process has ended and everything that it wrote has been read. Rejects when it could not be started. */
  ended: Promise<Ending>
  /** Asks the process to end. */
  interrupt(): void
  /** Ends the whole group for good. */
  kill(): void
}

export function startGroup(
  command: string,
  args: readonly string[],
  { env, cwd, stdio }: { env: NodeJS.ProcessEnv; cwd?: string; stdio: StdioOptions },
): ProcessGroup {
  const child = spawn(command, args, { env, cwd, stdio, detached: true })
  let hasExited = false
  const kill = () => {
    // Later the number may belong to a group of somebody else.
    if (!hasExited && child.pid !== undefined) killGroup(child.pid)
  }
  const forget = onExit(kill)
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', (error) => {
      forget()
      reject(error)
    })
    child.once('exit', () => {
      // What it started itself goes with it: a process left over would also hold the pipes open.
      kill()
      hasExited = true
    })
    child.once('close', (code, signal) => {
      forget()
      resolve({ code, signal })
    })
  })
  return { child, ended, interrupt: () => void child.kill('SIGINT'), kill }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All of them have ended already.
  }
}
