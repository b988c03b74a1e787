/**
 * What the reference server costs per delivery, beside the floor of this machine: a bare net.Server that writes the same
 * bytes on the same schedule, in the same run. Both are pinned to one core and their reader to another (with taskset).
 *
 *   node dist/bench/server.js [--streams 1000] [--rate 100] [--seconds 5] [--idle 5000]
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

import { drain, floor, SIZE_BYTES } from './server-roles.ts'

const SERVER_CORE = '0'
const READER_CORE = '1'
const canPin = cpus().length > 1 && spawnSync('taskset', ['-V']).status === 0
const SELF = import.meta.filename
const SERVER = path.resolve(import.meta.dirname, '../server/main.js')

interface Child {
  readonly process: ChildProcess
  /** The next line of JSON that it prints. */
  next(): Promise<Record<string, number>>
}

interface Figures {
  readonly written: number
  readonly writes: number
  readonly userUs: number
  readonly systemUs: number
}

interface Load {
  readonly streams: number
  readonly rate: number
  readonly seconds: number
}

/** Every child ends when its stdin closes, so that none outlives this process, however that ends. */
function start(core: string, args: string[]): Child {
  const node = [process.execPath, ...args]
  const [command, ...rest] = canPin ? ['taskset', '-c', core, ...node] : node
  const child = spawn(command as string, rest, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    process: child,
    async next() {
      const line = await lines.next()
      if (line.done === true) throw new Error(`a process of the bench ended early: ${args.join(' ')}`)
      return JSON.parse(line.value) as Record<string, number>
    },
  }
}

async function stop({ process: child }: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.stdin?.end()
  await ended
}

const startServer = (): Child => {
  const args = ['--retry', '0ms', '--grace', '1s', '--exit-with-parent']
  return start(SERVER_CORE, ['--expose-gc', SERVER, ...args])
}

async function startReader(port: number, streams: number, target: string): Promise<Child> {
  const reader = start(READER_CORE, [SELF, 'drain', '--port', `${port}`, '--streams', `${streams}`, '--target', target])
  await reader.next()
  return reader
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function stats(port: number, query = ''): Promise<{ figures: Figures; rss: number }> {
  const response = await fetch(`http://127.0.0.1:${port}/stats${query}`)
  const body = (await response.json()) as Figures & { cpu: Figures; memory: { rss: number } }
  const { userUs, systemUs } = body.cpu
  return { figures: { written: body.written, writes: body.writes, userUs, systemUs }, rss: body.memory.rss }
}

/** Prints one line; returns deliveries per CPU second. */
function report(name: string, before: Figures, after: Figures, seconds: number): number {
  const deliveries = after.written - before.written
  const userUs = after.userUs - before.userUs
  const cpuUs = userUs + after.systemUs - before.systemUs
  const perSecond = Math.round(deliveries / seconds)
  const parts = [
    `${Math.round((deliveries * 1e6) / cpuUs).toLocaleString('en')} deliveries per CPU second`,
    `${(cpuUs / deliveries).toFixed(2)} us each (${(userUs / deliveries).toFixed(2)} of it user)`,
    `at ${perSecond.toLocaleString('en')}/s and ${Math.round(cpuUs / seconds / 1e4)} % of a core`,
    `${(deliveries / (after.writes - before.writes)).toFixed(2)} events per write`,
  ]
  process.stdout.write(`${name.padEnd(8)}${parts.join(', ')}\n`)
  return (deliveries * 1e6) / cpuUs
}

async function measure(name: string, port: number, read: () => Promise<Figures>, load: Load): Promise<number> {
  const reader = await startReader(port, load.streams, `/events?rate=${load.rate}&size=${SIZE_BYTES}`)
  // The first second is the compiler's.
  await sleep(1000)
  const before = await read()
  await sleep(load.seconds * 1000)
  const after = await read()
  await stop(reader)
  return report(name, before, after, load.seconds)
}

async function measureFloor(load: Load): Promise<number> {
  const child = start(SERVER_CORE, [SELF, 'floor', '--rate', `${load.rate}`])
  const port = Number((await child.next())['port'])
  const read = async (): Promise<Figures> => {
    child.process.stdin?.write('\n')
    return (await child.next()) as unknown as Figures
  }
  const perCpuSecond = await measure('floor', port, read, load)
  await stop(child)
  return perCpuSecond
}

async function measureServer(load: Load): Promise<number> {
  const child = startServer()
  const port = Number((await child.next())['port'])
  const perCpuSecond = await measure('server', port, async () => (await stats(port)).figures, load)
  await stop(child)
  return perCpuSecond
}

/** Resident memory per stream that holds and says nothing. */
async function measureIdle(streams: number): Promise<void> {
  const child = startServer()
  const port = Number((await child.next())['port'])
  const before = await stats(port, '?gc=1')
  const reader = await startReader(port, streams, '/events?rate=0.001')
  const after = await stats(port, '?gc=1')
  const kib = (after.rss - before.rss) / 1024 / streams
  process.stdout.write(`memory  ${kib.toFixed(1)} KiB per stream at ${streams} idle streams\n`)
  await stop(reader)
  await stop(child)
}

async function main(): Promise<void> {
  const number = { type: 'string' } as const
  const options = { streams: number, rate: number, seconds: number, idle: number, port: number, target: number }
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const streams = Number(values.streams ?? 1000)
  const rate = Number(values.rate ?? 100)
  if (positionals[0] === 'drain') return drain(Number(values.port), streams, values.target ?? '/events')
  if (positionals[0] === 'floor') return floor(rate)
  const load = { streams, rate, seconds: Number(values.seconds ?? 5) }
  const pinned = canPin ? 'server and reader on a core each' : 'NOT pinned: taskset or a second core is missing'
  process.stdout.write(`${streams} streams x ${rate} events/s x ${SIZE_BYTES} B, ${load.seconds} s, ${pinned}\n`)
  const bare = await measureFloor(load)
  const ours = await measureServer(load)
  process.stdout.write(`ratio   ${(ours / bare).toFixed(2)} of the floor\n`)
  await measureIdle(Number(values.idle ?? 5000))
}

await main()
