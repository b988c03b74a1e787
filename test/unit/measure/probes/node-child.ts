import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs what it is sent, with what it has kept so far in `held`, and answers with the result. */
const MAIN = `
const held = []
const AsyncFunction = (async () => {}).constructor
process.on('message', async (code) => {
  const result = await new AsyncFunction('held', 'require', code)(held, require)
  process.send({ result })
})
process.on('disconnect', () => process.exit())
`

/** Another Node process that does what a test tells it. */
export interface NodeChild {
  pid: number
  /** Where its inspector listens; -1 without one. */
  inspectorPort: number
  process: ChildProcess
  /** Runs the body of an async function there; `held` is an array that lives on. */
  run(code: string): Promise<unknown>
}

export async function startChild(nodeArgs: readonly string[] = []): Promise<NodeChild> {
  const child = spawn(process.execPath, [...nodeArgs, '-e', MAIN], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const run = async (code: string) => {
    const answer = once(child, 'message') as Promise<[{ result?: unknown }]>
    child.send(code)
    return (await answer)[0].result
  }
  await run('')
  const port = /Debugger listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(said)?.[1]
  return { pid: child.pid ?? -1, inspectorPort: Number(port ?? -1), process: child, run }
}

export async function endChild({ process: child }: NodeChild): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}
