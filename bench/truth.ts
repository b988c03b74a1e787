/**
 * `npm run bench:truth`: a server at 10 events/s that is stopped for 6 of 60 seconds, and what arithmetic says the
 * figures must be. A tenth of the events is due during the stop, evenly, and arrives when it ends: the worst twentieth
 * of all waits half of it or longer (p95), the worst hundredth nine tenths of it (p99). Takes about 70 s; exit 1 when a
 * figure is off by more than 5 %.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import type { HistogramMetric, RunRecord } from '../harness/model/record.ts'
import { formatDuration, US_PER_MS, US_PER_SECOND } from '../harness/model/units.ts'
import { startReferenceServer } from '../harness/run/reference-server.ts'

const MAIN = path.resolve(import.meta.dirname, '../harness/main.js')
const MEASURED_SECONDS = 60
const STOP_SECONDS = 6
/** Into the command: processes are up, ramp and warm-up are over, and the stop ends well before the measuring does. */
const STOP_AT_SECONDS = 20
const TOLERANCE = 0.05
/** Channels have schedules of their own, so that there are enough independent events for a 99th percentile. */
const CHANNELS = 20

interface Row {
  what: string
  expected: string
  actual: number | null
  low: number
  high: number
}

const seconds = async (count: number): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, count * 1000))
}

async function measure(): Promise<RunRecord> {
  const out = mkdtempSync(path.join(tmpdir(), 'sse-harness-truth-'))
  const server = await startReferenceServer()
  try {
    const url = `${server.url}/events?channel=truth-{stream%${CHANNELS}}&rate=10`
    const args = [
      'load',
      '--url',
      url,
      '--connections',
      '200',
      '--duration',
      `${MEASURED_SECONDS}s`,
      '--out',
      out,
      '--json',
      '--quiet',
    ]
    const load = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    load.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    const ended = new Promise((resolve) => load.once('exit', resolve))
    await seconds(STOP_AT_SECONDS)
    process.kill(server.pid, 'SIGSTOP')
    await seconds(STOP_SECONDS)
    process.kill(server.pid, 'SIGCONT')
    await ended
    const { runDir } = JSON.parse(output.trim().split('\n').at(-1) ?? '') as { runDir: string }
    return JSON.parse(readFileSync(path.join(runDir, 'run.json'), 'utf8')) as RunRecord
  } finally {
    await server.stop()
    rmSync(out, { recursive: true })
  }
}

function histogram(record: RunRecord, name: string): HistogramMetric | null {
  const metric = record.metrics[name]
  return metric?.kind === 'histogram' ? metric : null
}

function rows(record: RunRecord): Row[] {
  const stop = STOP_SECONDS * US_PER_SECOND
  const within = (what: string, expected: number, actual: number | null): Row => ({
    what,
    expected: formatDuration(expected),
    actual,
    low: expected * (1 - TOLERANCE),
    high: expected * (1 + TOLERANCE),
  })
  const delivery = histogram(record, 'sse_delivery_latency')
  const gap = histogram(record, 'sse_worst_gap')
  return [
    within('delivery latency p95', stop / 2, delivery?.p95 ?? null),
    within('delivery latency p99', stop * 0.9, delivery?.p99 ?? null),
    within('delivery latency max', stop, delivery?.max ?? null),
    within('staleness max', stop, histogram(record, 'sse_staleness')?.max ?? null),
    within('worst gap of the best stream', stop, gap?.min ?? null),
    within('worst gap of the worst stream', stop, gap?.max ?? null),
    {
      what: 'transit latency p50',
      expected: 'below 20 ms',
      actual: histogram(record, 'sse_transit_latency')?.p50 ?? null,
      low: 0,
      high: 20 * US_PER_MS,
    },
    {
      what: 'delivery latency p50',
      expected: 'below 20 ms',
      actual: delivery?.p50 ?? null,
      low: 0,
      high: 20 * US_PER_MS,
    },
  ]
}

const record = await measure()
let wrong = 0
for (const { what, expected, actual, low, high } of rows(record)) {
  const holds = actual !== null && actual >= low && actual <= high
  if (!holds) wrong += 1
  console.log(
    `${holds ? 'ok   ' : 'WRONG'}  ${what.padEnd(32)} expected ${expected.padEnd(12)} measured ${actual === null ? 'nothing' : formatDuration(actual)}`,
  )
}
console.log(`ledger: ${record.ledger?.lost ?? '?'} lost of ${record.ledger?.expected ?? '?'}, run ${record.status}`)
process.exitCode = wrong === 0 && record.ledger?.lost === 0 ? 0 : 1
