import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Metric, RunRecord } from '../../harness/model/record.ts'
import { requirement } from '../support/require.ts'
import { runProcess } from '../support/run-process.ts'
import type { ServerName, ThirdPartyServer } from '../third-party/servers.ts'
import { HOW_TO_GET_SERVERS, isInstalled, start } from '../third-party/servers.ts'

const EVENTS_PER_SECOND = 20

/** What is known of each server: how it frames, and where in its events number and time stand. */
const TARGETS = {
  'better-sse': {
    lineEnd: '\n',
    id: /^id:(\d+)$/m,
    stampErrorMs: 0.01,
    stampMs: (text: string) => Number(/"t":"(\d+)"/.exec(text)?.[1]) / 1e6,
  },
  'sse-starlette': {
    lineEnd: '\r\n',
    id: /^id: \d+-(\d+)\r$/m,
    stampErrorMs: 1,
    stampMs: (text: string) => Number(/^id: (\d+)-/m.exec(text)?.[1]),
  },
} satisfies Record<ServerName, unknown>

describe.each(Object.keys(TARGETS) as ServerName[])('%s', (name) => {
  const available = requirement('servers', isInstalled(name), HOW_TO_GET_SERVERS)
  describe.skipIf(!available)('as a server', () => {
    let server: ThirdPartyServer
    beforeAll(async () => {
      server = await start(name, EVENTS_PER_SECOND)
    })
    afterAll(() => server.stop())

    it('broadcasts numbered events, stamped with the time they were due', async () => {
      const { lineEnd, id, stampMs, stampErrorMs } = TARGETS[name]
      const { events, receivedMs } = await readEvents(server.url, lineEnd, EVENTS_PER_SECOND)
      const numbers = events.map((event) => Number(id.exec(event)?.[1]))
      expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? NaN) + i))
      const stamps = events.map(stampMs)
      const periods = stamps.slice(1).map((stamp, i) => stamp - (stamps[i] ?? NaN))
      // Due times are arithmetic, so their distance is exact, to the unit of the stamp.
      for (const period of periods)
        expect(Math.abs(period - 1000 / EVENTS_PER_SECOND)).toBeLessThanOrEqual(stampErrorMs)
      const lateness = stamps.map((stamp, i) => (receivedMs[i] ?? NaN) - stamp)
      for (const late of lateness) expect(late).toBeGreaterThan(-2)
      expect(Math.min(...lateness)).toBeLessThan(50)
    })
  })
})

describe('a server that was stopped', () => {
  it('is gone, even with a stream open', async () => {
    const server = await start('better-sse', EVENTS_PER_SECOND)
    await readEvents(server.url, '\n', 1)
    await server.stop()
    expect(() => process.kill(server.pid, 0)).toThrow('ESRCH')
    await server.stop()
  })
})

const MAIN = path.resolve(import.meta.dirname, '../../dist/harness/main.js')
const CONNECTIONS = 20
const SECONDS = 2

/** How a user tells `load` where time and number stand in the events of each server; every form of the two flags once. */
const SPECS: { server: ServerName; stamp: string; sequence: string }[] = [
  { server: 'better-sse', stamp: 'json:$.t:ns', sequence: 'json:$.seq' },
  { server: 'better-sse', stamp: 'regex:"t":"(\\d+)":ns', sequence: 'id' },
  { server: 'sse-starlette', stamp: 'regex:^(\\d+)-:ms', sequence: 'regex:^\\d+-(\\d+)$' },
  { server: 'sse-starlette', stamp: 'json:$.at:s', sequence: 'json:$.n' },
]

describe('load against a server that is not ours', () => {
  let out = ''
  const servers = new Map<ServerName, ThirdPartyServer>()
  const installed = (['better-sse', 'sse-starlette'] as const).filter(isInstalled)
  beforeAll(async () => {
    out = await mkdtemp(path.join(tmpdir(), 'third-party-'))
    for (const name of installed) servers.set(name, await start(name, EVENTS_PER_SECOND))
  })
  afterAll(async () => {
    for (const server of servers.values()) await server.stop()
    await rm(out, { recursive: true, force: true })
  })

  async function load(server: ServerName, ...flags: string[]): Promise<{ exitCode: number; record: RunRecord }> {
    const url = servers.get(server)?.url ?? ''
    const size = [
      '--connections',
      String(CONNECTIONS),
      '--ramp',
      '500ms',
      '--warm-up',
      '200ms',
      '--duration',
      `${SECONDS}s`,
    ]
    const args = [MAIN, 'load', '--url', url, ...size, ...flags, '--json', '--out', out]
    const { code, stdout, stderr } = await runProcess(process.execPath, args)
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { exitCode: number; runDir: string }
    expect(last.exitCode, stderr).toBe(code)
    const record = JSON.parse(await readFile(path.join(last.runDir, 'run.json'), 'utf8')) as RunRecord
    return { exitCode: code, record }
  }

  it.each(SPECS.filter(({ server }) => installed.includes(server)))(
    '$server: time from $stamp, number from $sequence',
    async ({ server, stamp, sequence }) => {
      const { exitCode, record } = await load(server, '--stamp', stamp, '--sequence', sequence)
      const { ledger, metrics } = record
      // 20 streams x 40 events in the measured phase alone; nothing lost, doubled or turned round between first and last.
      expect(ledger).toMatchObject({ streams: CONNECTIONS, lost: 0, duplicates: 0, reordered: 0, unsequenced: 0 })
      expect(ledger?.received).toBeGreaterThanOrEqual(CONNECTIONS * EVENTS_PER_SECOND * SECONDS)
      expect(counter(metrics, 'sse_events_received')).toBeGreaterThanOrEqual(ledger?.received ?? NaN)
      // A server without books cannot be reconciled, and what is not proven is not green.
      expect(ledger).toMatchObject({
        reconcilable: false,
        expected: null,
        undrained: null,
        server: null,
        identities: [],
      })
      const inconclusive = record.verdicts.filter(({ status }) => status !== 'pass')
      expect(inconclusive.map(({ name, status }) => [name, status])).toEqual([['reconciled', 'inconclusive']])
      expect({ exitCode, status: record.status }).toEqual({ exitCode: 5, status: 'inconclusive' })

      const latency = metrics['sse_delivery_latency']
      expect(latency).toMatchObject({ kind: 'histogram', clientBound: expect.any(Array) as unknown })
      const { p50, p99, independent } = latency as Extract<Metric, { kind: 'histogram' }>
      expect(independent).toBeGreaterThanOrEqual(EVENTS_PER_SECOND * SECONDS - 2)
      expect(independent).toBeLessThan(EVENTS_PER_SECOND * (SECONDS + 1))
      expect(p50).toBeGreaterThan(0)
      expect(p50).toBeLessThan(100_000)
      // 40 bursts say nothing of the slowest hundredth.
      expect(p99).toBeNull()
      expect(metrics).toHaveProperty('sse_fanout_duration')
      expectAbsent(metrics, 'sse_transit_latency', 'sse_events_dropped_by_server', 'sse_events_replayed', 'sse_reach')
    },
  )

  it.skipIf(!installed.includes('better-sse'))('says nothing of what no flag tells it', async () => {
    const { exitCode, record } = await load('better-sse')
    expect(exitCode).toBe(5)
    expect(record.ledger).toMatchObject({ reconcilable: false, lost: null, duplicates: null, reordered: null })
    expect(counter(record.metrics, 'sse_events_received')).toBeGreaterThanOrEqual(
      CONNECTIONS * EVENTS_PER_SECOND * SECONDS,
    )
    const needStamps = ['sse_delivery_latency', 'sse_delivery_variation', 'sse_transit_latency', 'sse_fanout_duration']
    expectAbsent(record.metrics, ...needStamps, 'sse_negative_latency', 'sse_fanout_incomplete')
    expectAbsent(record.metrics, 'sse_events_lost', 'sse_events_duplicated', 'sse_events_reordered', 'sse_reach')
    // What needs neither time nor number in the event is measured all the same.
    expect(record.metrics).toHaveProperty('sse_event_gap')
    expect(record.metrics).toHaveProperty('sse_first_event_duration')
  })

  it.skipIf(!installed.includes('better-sse'))('can be told that this server has no books', async () => {
    const specs = ['--stamp', 'json:$.t:ns', '--sequence', 'json:$.seq']
    const { exitCode, record } = await load('better-sse', ...specs, '--accept-inconclusive', 'reconciled')
    expect({ exitCode, status: record.status }).toEqual({ exitCode: 0, status: 'pass' })
    expect(record.verdicts).toContainEqual(expect.objectContaining({ name: 'reconciled', status: 'inconclusive' }))
  })
})

function counter(metrics: RunRecord['metrics'], name: string): number {
  const metric = metrics[name]
  return metric?.kind === 'counter' ? metric.value : NaN
}

/** Absent and not zero: a zero would be a claim. */
function expectAbsent(metrics: RunRecord['metrics'], ...names: string[]): void {
  expect(names.filter((name) => name in metrics)).toEqual([])
}

/** Plain node:http: what is asserted here must not depend on the client under test. */
async function readEvents(url: string, lineEnd: string, count: number) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => get(url, resolve).on('error', reject))
  expect(response.headers['content-type']).toMatch(/^text\/event-stream/)
  const events: string[] = []
  const receivedMs: number[] = []
  let rest = ''
  for await (const chunk of response.setEncoding('utf8')) {
    const blocks = (rest + String(chunk)).split(lineEnd + lineEnd)
    rest = blocks.pop() ?? ''
    for (const block of blocks.filter((text) => /^data:/m.test(text))) {
      events.push(block + lineEnd)
      receivedMs.push(Date.now())
    }
    if (events.length >= count) break
  }
  response.destroy()
  return { events, receivedMs }
}
