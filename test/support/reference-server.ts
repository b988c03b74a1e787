import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'

export interface ReferenceServer {
  /** Its root; the stream is at `/events` below it. */
  url: string
  pid: number
  stop(): Promise<void>
}

const BUILT = path.resolve(import.meta.dirname, '../../dist/server/main.js')

/** Starts the built reference server as its own process; it ends with this one, however this one ends. */
export async function startReferenceServer(args: readonly string[] = [], main = BUILT): Promise<ReferenceServer> {
  const child = spawn(process.execPath, [main, '--port', '0', '--exit-with-parent', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    const { url, pid } = JSON.parse(line) as { url: string; pid: number }
    const stop = async () => {
      child.kill('SIGKILL')
      await exited
    }
    return { url, pid, stop }
  }
  throw new Error(`${main} ended before it listened`)
}
