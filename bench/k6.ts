/**
 * `npm run bench:k6`: what our k6 costs per event and per stream with everything recorded and no JavaScript per event,
 * beside bare sockets in the same run; then its memory over many events. `K6_PEER=FILE` adds a k6 with xk6-sse running the
 * same script. Server and client have a core each where taskset exists.
 */
import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

import { decodeMessage } from '../harness/k6/decode.ts'
import { findK6 } from '../harness/k6/find.ts'
import type { K6Interval, K6Message } from '../harness/k6/messages.ts'
import { cpuTime } from '../harness/k6/process-load.ts'
import { formatBytes, formatCount, US_PER_SECOND } from '../harness/model/units.ts'
import { ReferenceTarget } from '../harness/run/reference-target.ts'
import { startReferenceServer } from '../harness/run/reference-server.ts'
import type { Figures } from './figures.ts'
import { client, onCore, print, WHERE } from './figures.ts'

/** `--quick` only shows that it runs: its figures are of too short a time to be believed. */
const isQuick = process.argv.includes('--quick')
const WARM_UP_SECONDS = isQuick ? 1 : 4
const WINDOW_SECONDS = isQuick ? 2 : 20
const USUAL_STREAMS = isQuick ? 20 : 1000
const BULK_STREAMS = isQuick ? 20 : 50
const BULK_SECONDS = isQuick ? 3 : 60
const BULK_EVENTS = isQuick ? 1000 : 20_000_000
/** How often the memory is shown. */
const BULK_LINES = 6
const MS_PER_SECOND = 1000
const NS_PER_SECOND = 1e9
const SCRIPT = path.resolve(import.meta.dirname, '../../k6-scripts/load.ts')

interface Job {
  url: string
  streams: number
  seconds: number
  /** Streams that one virtual user holds. */
  perUser: number
}

function environment({ url, streams, seconds, perUser }: Job): NodeJS.ProcessEnv {
  return {
    ...process.env,
    K6_NO_USAGE_REPORT: 'true',
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
    SSE_URL: url,
    SSE_CONNECTIONS: String(streams),
    SSE_RAMP: '2s',
    SSE_DURATION: `${seconds}s`,
    SSE_PER_USER: String(perUser),
  }
}

/** Starts the load script, pinned. */
function launch(binary: string, job: Job, args: readonly string[] = []): { pid: number; over: Promise<void> } {
  const command = [...onCore(1), binary, 'run', '--quiet', '--address', '', ...args, SCRIPT]
  const child = spawn(command[0] ?? binary, command.slice(1), {
    env: environment(job),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const over = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      // Thresholds may fail on a machine that is busy; what was measured is printed all the same.
      if (code === 0 || code === 99) resolve()
      else reject(new Error(`k6 ended with ${code}`))
    })
  })
  return { pid: child.pid ?? 0, over }
}

/** Runs it and gives back what the output wrote. */
async function run(binary: string, job: Job): Promise<K6Message[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sse-harness-bench-'))
  const file = path.join(folder, 'part.ndjson')
  try {
    await launch(binary, job, ['--out', `sse-record=${file}`]).over
    const messages: K6Message[] = []
    for await (const line of createInterface({ input: createReadStream(file) })) {
      const message = decodeMessage(line)
      // An entry for each event that all streams have had: at full speed more than is worth keeping.
      messages.push(message.type === 'interval' ? { ...message, fanout: [] } : message)
    }
    return messages
  } finally {
    await rm(folder, { recursive: true })
  }
}

const intervalsOf = (messages: readonly K6Message[]): K6Interval[] =>
  messages.filter((message) => message.type === 'interval')

const eventsOf = (interval: K6Interval): number =>
  interval.phases.reduce((sum, { set }) => sum + (set.counters.sse_events_received ?? 0), 0)

/** Of whole seconds in which every stream was open. */
function figuresOf(messages: readonly K6Message[], streams: number): Omit<Figures, 'name'> {
  const steady = intervalsOf(messages)
    .slice(WARM_UP_SECONDS)
    .filter(({ open, end, start }) => open === streams && end - start > US_PER_SECOND / 2)
  const sum = (pick: (interval: K6Interval) => number) => steady.reduce((total, one) => total + pick(one), 0)
  return {
    events: sum(eventsOf),
    seconds: sum(({ start, end }) => end - start) / US_PER_SECOND,
    cpuMicros: sum(({ load }) => load.cpu),
  }
}

/** Over k6 itself: what it held before its first virtual user. */
function bytesPerStream(messages: readonly K6Message[], streams: number): number {
  const base = messages.find((message) => message.type === 'result')?.baseRss ?? 0
  const most = Math.max(...intervalsOf(messages).map(({ load }) => load.rss))
  return (most - base) / streams
}

/**
 * The same script on a k6 with xk6-sse. It tells nothing of itself, so its CPU is read from outside and its events are
 * those that the server wrote meanwhile; Linux only.
 */
async function peer(binary: string, job: Job, origin: string): Promise<Figures> {
  const target = new ReferenceTarget(origin)
  const { pid, over } = launch(binary, job)
  const look = async () => ({
    cpuMicros: cpuTime(pid),
    events: (await target.stats()).eventsSent,
    at: process.hrtime.bigint(),
  })
  await sleep((WARM_UP_SECONDS + 1) * MS_PER_SECOND)
  const before = await look()
  await sleep((WINDOW_SECONDS - 2) * MS_PER_SECOND)
  const after = await look()
  await over
  await target.close()
  return {
    name: 'k6 with xk6-sse',
    events: after.events - before.events,
    seconds: Number(after.at - before.at) / NS_PER_SECOND,
    cpuMicros: after.cpuMicros - before.cpuMicros,
  }
}

async function w1(binary: string, origin: string): Promise<void> {
  const url = `${origin}/events?channel=w1&rate=10&size=128`
  console.log(`\nW1: ${USUAL_STREAMS} streams x 10 events/s of 128 bytes`)
  const window = { streams: USUAL_STREAMS, warmUpSeconds: WARM_UP_SECONDS, seconds: WINDOW_SECONDS }
  const job = { url, streams: USUAL_STREAMS, seconds: WARM_UP_SECONDS + WINDOW_SECONDS }
  const rows = [await client('bare sockets (floor)', 'floor', url, window)]
  const memory: string[] = []
  for (const perUser of [10, 1]) {
    const messages = await run(binary, { ...job, perUser })
    const name = `our k6, ${perUser} ${perUser === 1 ? 'stream' : 'streams'} a user`
    rows.push({ name, ...figuresOf(messages, USUAL_STREAMS) })
    const bytes = Math.round(bytesPerStream(messages, USUAL_STREAMS))
    memory.push(`  ${name.padEnd(34)}${formatBytes(bytes)} RSS per stream, with its part of a virtual user`)
  }
  const other = process.env['K6_PEER']
  if (other !== undefined) rows.push(await peer(other, { ...job, perUser: 1 }, origin))
  print(rows, rows[0] as Figures)
  for (const line of memory) console.log(line)
}

/** As many events as the server can send. */
async function bulk(binary: string, origin: string): Promise<void> {
  const url = `${origin}/events?channel=bulk&rate=0&size=128`
  console.log(`\nMemory: ${BULK_STREAMS} streams as fast as they come`)
  const intervals = intervalsOf(await run(binary, { url, streams: BULK_STREAMS, seconds: BULK_SECONDS, perUser: 10 }))
  let events = 0
  for (const [second, interval] of intervals.entries()) {
    events += eventsOf(interval)
    if ((second + 1) % Math.ceil(BULK_SECONDS / BULK_LINES) === 0)
      console.log(`  after ${formatCount(events)} events: ${formatBytes(interval.load.rss)} RSS`)
  }
  const cpu = intervals.reduce((sum, { load }) => sum + load.cpu, 0)
  console.log(`  ${(cpu / events).toFixed(2)} us CPU per event`)
  if (events < BULK_EVENTS) console.log(`  fewer than ${formatCount(BULK_EVENTS)} events: too few to call it flat`)
}

const found = await findK6({
  env: process.env,
  onProgress: (text) => console.error(text),
  signal: new AbortController().signal,
})
if ('missing' in found) {
  console.error(found.missing)
  process.exit(2)
}
const server = await startReferenceServer([], ['--expose-gc'], onCore(0))
try {
  console.log(WHERE)
  await w1(found.binary.path, server.url)
  await bulk(found.binary.path, server.url)
} finally {
  await server.stop()
}
