import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { describeK6 } from '../../harness/k6/binary.ts'
import { GO_PLACES, goEnvironment } from '../../harness/k6/go.ts'
import { FOREIGN_K6_LIMITS } from '../../harness/k6/json-output.ts'
import { EXTENSION } from '../../harness/k6/sources.ts'
import { statsOf } from '../support/bench-server.ts'
import type { CliResult } from '../support/cli.ts'
import { CommandLine } from '../support/cli.ts'
import { BUILD_LIMIT_MS, K6Run, untilNotVoid } from '../support/k6.ts'
import type { ReferenceServer } from '../support/reference-server.ts'
import { startReferenceServer } from '../support/reference-server.ts'
import { requirement } from '../support/require.ts'
import { runProcess } from '../support/run-process.ts'
import { schemaFaults } from '../support/run-schema.ts'

const go = GO_PLACES.find((place) => spawnSync(place, ['version'], { env: goEnvironment(process.env) }).status === 0)
const cli = new CommandLine()
const servers: ReferenceServer[] = []
let folder: string
let stock: string

describe.skipIf(!requirement('k6', go !== undefined, 'install Go 1.25 or later'))('a K6_BIN without our output', () => {
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sse-harness-test-'))
    stock = path.join(folder, 'k6')
    // As ours is built, so that all but the last step comes from Go's cache.
    const args = [
      'build',
      '-trimpath',
      '-buildvcs=false',
      '-mod=readonly',
      '-ldflags=-s -w',
      '-o',
      stock,
      './internal/stock',
    ]
    const env = goEnvironment(process.env)
    const { code, stderr } = await runProcess(go ?? '', args, { cwd: EXTENSION, env, timeoutMs: BUILD_LIMIT_MS })
    if (code !== 0) throw new Error(stderr)
  }, BUILD_LIMIT_MS)
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop()
  })
  afterAll(async () => {
    await cli.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Its server ends each stream after so many events, so that nothing is on its way when one ends. */
  async function run(script: string, events: number, env: Record<string, string>) {
    return untilNotVoid(async () => {
      const server = await startReferenceServer(['--rate', '20'])
      servers.push(server)
      const url = `${server.url}/events?count=${events}`
      const result = await new K6Run(cli, script, { url, env, processEnv: { K6_BIN: stock } }).finished()
      return { result, stats: await statsOf(server.url) }
    })
  }

  /** What such a k6 can be asked, and what of it is not known. */
  function expectKnown({ code, record, stderr }: CliResult, streams: number): void {
    expect(record?.verdicts.filter(({ status }) => status !== 'pass')).toEqual([])
    expect(code).toBe(0)
    expect(schemaFaults(record)).toEqual([])
    const names = record?.verdicts.map(({ name }) => name).filter((name) => !name.startsWith('k6 '))
    expect(names).toEqual(['all_connected', 'target_alive', 'no_script_errors', 'script_completed'])
    expect(record?.verdicts[0]).toMatchObject({ actual: `${streams} of ${streams}` })
    expect(record).toMatchObject({ ledger: null, ends: {}, failures: {} })
    expect(record?.warnings).toContain(FOREIGN_K6_LIMITS)
    // The line is where a person looks.
    expect(stderr.split('\n')).toContain(`- ${FOREIGN_K6_LIMITS}`)
    expect(record?.metrics).not.toHaveProperty('sse_delivery_latency')
    expect(record?.metrics).not.toHaveProperty('sse_events_lost')
    expect(record?.generators).toMatchObject({ k6: { ledger: null } })
  }

  it('is what this test takes it for', async () => {
    expect(await describeK6(stock, 'K6_BIN', process.env)).toMatchObject({ records: false, sse: true })
  })

  it('runs smoke.ts: its events are those of the server', async () => {
    const { result, stats } = await run('smoke', 30, { SSE_DURATION: '60s' })
    expectKnown(result, 1)
    expect(stats).toMatchObject({ eventsSent: 30, active: 0 })
    expect(result.record?.metrics['sse_events_received']).toEqual({ kind: 'counter', value: 30 })
    expect(result.record?.metrics['sse_connections_opened']).toEqual({ kind: 'counter', value: 1 })
  })

  it('runs load.ts: so do those of many streams, some to a user', async () => {
    const { result, stats } = await run('load', 20, {
      ...{ SSE_CONNECTIONS: '12', SSE_PER_USER: '4', SSE_RAMP: '400ms', SSE_DURATION: '2500ms', SSE_MAX_OPEN: '30s' },
      SSE_PARAMS: '{"reconnect":"never"}',
    })
    expectKnown(result, 12)
    expect(stats).toMatchObject({ eventsSent: 240, active: 0 })
    expect(result.record?.metrics['sse_events_received']).toEqual({ kind: 'counter', value: 240 })
    expect(result.record?.metrics['sse_connections_opened']).toEqual({ kind: 'counter', value: 12 })
    // k6's own thresholds are judged all the same.
    const held = result.record?.verdicts.filter(({ name }) => name.startsWith('k6 ')).map(({ name }) => name)
    expect(held).toEqual(expect.arrayContaining(['k6 sse_event: count>0', 'k6 sse_events_lost: count==0']))
  })

  it('never reaches a server that is full', async () => {
    const server = await startReferenceServer(['--max-streams', '0'])
    servers.push(server)
    const env = { SSE_DURATION: '2s' }
    const flags = { url: `${server.url}/events`, env, processEnv: { K6_BIN: stock } }
    const result = await new K6Run(cli, 'smoke', flags).finished()
    expect(result).toMatchObject({ code: 4, record: { status: 'error', failures: { status: 1 } } })
    expect(result.record?.verdicts[0]).toMatchObject({ name: 'all_connected', status: 'fail', actual: '0 of 1' })
  })
})
