import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import path from 'node:path'

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import type { RunRecord } from '../../harness/model/record.ts'
import { statsOf } from '../support/bench-server.ts'
import { CommandLine } from '../support/cli.ts'
import { HAS_PROC, until, untilGone } from '../support/processes.ts'
import type { ReferenceServer } from '../support/reference-server.ts'
import { startReferenceServer } from '../support/reference-server.ts'
import { requirement } from '../support/require.ts'
import { beginStream, SseServer, tick } from '../support/sse-server.ts'

const cli = new CommandLine()
const server = new SseServer({
  '/events': (response) => {
    beginStream(response)
    tick(response, { everyMs: 50 })
  },
  '/page': (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>hello'),
  '/busy': (response) => response.writeHead(503).end(),
  '/silent': () => {},
})
const references: ReferenceServer[] = []
const helpers: ChildProcess[] = []
beforeAll(() => server.listen())
afterEach(async () => {
  for (const reference of references.splice(0)) await reference.stop()
  for (const helper of helpers.splice(0)) helper.kill('SIGKILL')
})
afterAll(async () => {
  await cli.close()
  await server.close()
})

async function referenceServer(...args: string[]): Promise<ReferenceServer> {
  const reference = await startReferenceServer(args)
  references.push(reference)
  return reference
}

const BRIEF = ['--connections', '3', '--ramp', '100ms', '--warm-up', '0s', '--duration', '1s', '--settle', '1s']
const verdictOf = (record: RunRecord | null, name: string) => record?.verdicts.find((verdict) => verdict.name === name)
/** A server that does not tell what it wrote: its runs can at best be inconclusive, and that is not their point here. */
const FOREIGN = ['--sequence', 'id', '--accept-inconclusive', 'reconciled']

describe('--quiet', () => {
  it('leaves stderr silent', async () => {
    const result = await cli.run(['load', '--url', server.url('/events'), ...BRIEF, ...FOREIGN, '--quiet'])
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(result.stdout.trimEnd().split('\n')).toHaveLength(1)
  })
})

describe('a target that is killed', () => {
  it('fails a run that goes on to the end of its plan', async () => {
    const reference = await referenceServer('--retry', '200ms')
    const size = ['--connections', '5', '--ramp', '100ms', '--warm-up', '100ms', '--duration', '4s']
    const run = cli.start(['load', '--url', `${reference.url}/events`, ...size, '--workers', '2'])
    await until('events', async () => (await statsOf(reference.url)).eventsSent > 20)
    const family = run.children()
    process.kill(reference.pid, 'SIGKILL')
    const result = await run.finished
    expect(result).toMatchObject({ code: 99, answer: { status: 'fail' }, left: [result.answer?.runId] })
    const { record } = result
    expect(verdictOf(record, 'target_alive')).toMatchObject({ status: 'fail' })
    expect(verdictOf(record, 'all_recovered')).toMatchObject({ status: 'fail' })
    expect(verdictOf(record, 'no_unexpected_end')).toMatchObject({ status: 'fail', actual: '5 unexpected' })
    // What the dead server wrote cannot be known, so nobody may claim that nothing was lost.
    expect(verdictOf(record, 'reconciled')).toMatchObject({ status: 'inconclusive' })
    expect(record?.failures['refused']).toBeGreaterThan(0)
    expect(record?.metrics['sse_outage_duration']).toMatchObject({ count: 5, censored: 5 })
    await untilGone(family)
  })
})

describe('a target that never is an event stream', () => {
  const closedPort = async (): Promise<string> => {
    const other = await new SseServer({}).listen()
    const url = other.url('/events')
    await other.close()
    return url
  }
  it.each([
    ['refused', closedPort],
    ['status', () => server.url('/no-such-path')],
    ['status', () => server.url('/busy')],
    ['content-type', () => server.url('/page')],
    ['headers-timeout', () => server.url('/silent')],
    ['dns', () => 'http://no-such-host.invalid/events'],
  ])('is told by its reason, and soon: %s', async (reason, url) => {
    const patience = ['--headers-timeout', '500ms', '--connect-timeout', '5s', '--warm-up', '30s', '--duration', '1m']
    const size = ['--connections', '4', '--ramp', '100ms']
    // A run that did not notice would take its minute and a half, and be ended as hanging.
    const result = await cli.run(['load', '--url', await url(), ...size, ...patience])
    expect(result).toMatchObject({ code: 4, answer: { status: 'error', exitCode: 4 } })
    expect(result.record?.failures).toEqual({ [reason]: 4 })
    expect(result.record?.phases.map(({ name }) => name)).toEqual(['set-up', 'stop'])
    expect(verdictOf(result.record, 'all_connected')).toMatchObject({ status: 'fail', actual: '0 of 4' })
  })
})

describe('a request that cannot be sent', () => {
  it('is refused before anything is started, without its values in the words', async () => {
    const asked = server.seen.length
    const ca = path.join(cli.folder(), 'ca.pem')
    writeFileSync(ca, 'no certificate')
    const flags = ['--header', 'content-length: 5', '--header', 'x-token: ${BROKEN}', '--ca', ca]
    const result = await cli.run(['load', '--url', server.url('/events'), ...BRIEF, ...flags], {
      env: { BROKEN: 'hidden\u0007value' },
    })
    expect(result).toMatchObject({ code: 2, left: [] })
    expect(result.answer?.faults).toEqual([
      expect.stringContaining('"content-length" belongs to the connection'),
      expect.stringContaining('"x-token" has a control character'),
      expect.stringContaining('holds no certificate'),
    ])
    expect(result.stderr).not.toContain('hidden')
    expect(server.seen).toHaveLength(asked)
  })
})

describe('secrets', () => {
  /** Everything that a run has left or said. */
  const everything = (folder: string, ...said: string[]): string =>
    [...readdirSync(folder).map((name) => readFileSync(path.join(folder, name), 'utf8')), ...said].join('\n')

  it('reach the server and nothing that is written', async () => {
    const flags = [
      ...['--header', 'Authorization: Bearer s3cr3t-authorization', '--header', 'x-tenant: s3cr3t-tenant'],
      ...['--header', 'Cookie: session=s3cr3t-cookie', '--header=x-api-key: s3cr3t-key', '--secret-header', 'x-tenant'],
      ...['--header', 'x-from-env: ${SSE_TEST_SECRET}', '--method', 'POST', '--body', '{"password":"s3cr3t-body"}'],
    ]
    const url = server
      .url('/events?access_token=s3cr3t-token&view=all&key=${SSE_TEST_SECRET}')
      .replace('//', '//user:s3cr3t-userinfo@')
    const result = await cli.run(['load', '--url', url, ...BRIEF, ...FOREIGN, ...flags], {
      env: { SSE_TEST_SECRET: 's3cr3t-environment' },
    })
    expect(result.code).toBe(0)
    const seen = server.seen.at(-1)
    expect(seen?.headers).toMatchObject({
      authorization: 'Bearer s3cr3t-authorization',
      cookie: 'session=s3cr3t-cookie',
      'x-tenant': 's3cr3t-tenant',
      'x-api-key': 's3cr3t-key',
      'x-from-env': 's3cr3t-environment',
    })
    expect(seen?.query.get('access_token')).toBe('s3cr3t-token')
    expect(seen?.query.get('key')).toBe('s3cr3t-environment')
    expect(seen?.body).toContain('s3cr3t-body')
    const text = everything(result.answer?.runDir ?? '', result.stdout, result.stderr)
    expect(text).not.toMatch(/s3cr3t/)
    expect(text).not.toContain(Buffer.from('user:s3cr3t-userinfo').toString('base64'))
    // What is no secret is still there, and what was cut out is listed.
    expect(result.record?.plan).toMatchObject({ target: { headers: { 'x-from-env': '${SSE_TEST_SECRET}' } } })
    expect(JSON.stringify(result.record?.plan)).toContain('view=all')
    const cut = [
      ...['target.url', 'target.headers.Authorization', 'target.headers.x-tenant', 'target.headers.Cookie'],
      ...['target.headers.x-api-key', 'target.body'],
    ]
    expect(result.record?.plan['redacted']).toEqual(cut)
  })

  it('are not repeated by a refusal either', async () => {
    const flags = ['--header', 'Authorization: Bearer s3cr3t', '--body', 'token=s3cr3t', '--nonsense']
    const refused = await cli.run(['load', '--url', 'ftp://user:s3cr3t@host/?token=s3cr3t', ...flags.slice(0, 4)])
    expect(refused.code).toBe(2)
    expect(refused.stdout + refused.stderr).not.toContain('s3cr3t')
    const unknown = await cli.run(['load', '--url', server.url('/events'), ...flags])
    expect(unknown.code).toBe(2)
    expect(unknown.stdout + unknown.stderr).not.toContain('s3cr3t')
  })
})

describe('a record', () => {
  it('holds a plan that can be run again', async () => {
    const reference = await referenceServer('--rate', '20')
    const flags = ['--seed', '7', '--mix', 'steady=2,slow-reader=1', '--threshold', 'sse_reconnects: count==0']
    const first = await cli.run(['load', '--url', `${reference.url}/events`, ...BRIEF, ...flags])
    expect(first.code).toBe(0)
    const file = path.join(first.answer?.runDir ?? '', 'run.json')
    const again = await cli.run(['load', '--plan', file])
    expect(again.code).toBe(0)
    expect(again.record?.plan).toEqual(first.record?.plan)
    expect(again.record?.id).not.toBe(first.record?.id)
    // And with something else on top.
    const more = await cli.run(['load', '--plan', file, '--connections', '5'])
    expect(more.record?.plan).toMatchObject({ load: { connections: 5, duration: '1s' }, seed: 7 })
    expect(more.record?.ledger?.streams).toBe(5)
  })

  it('is not run again with its secrets cut out, unless they are given', async () => {
    const header = ['--header', 'authorization: Bearer s3cr3t']
    const first = await cli.run(['load', '--url', server.url('/events'), ...BRIEF, ...FOREIGN, ...header])
    const file = path.join(first.answer?.runDir ?? '', 'run.json')
    const asked = server.seen.length
    const refused = await cli.run(['load', '--plan', file])
    expect(refused).toMatchObject({ code: 2, left: [] })
    expect(refused.answer?.faults?.join('\n')).toContain('target.headers.authorization')
    expect(server.seen).toHaveLength(asked)
    const again = await cli.run(['load', '--plan', file, '--header', 'Authorization: Bearer s3cr3t'])
    expect(again.code).toBe(0)
    expect(server.seen.at(-1)?.headers.authorization).toBe('Bearer s3cr3t')
  })
})

const hasTaskset = requirement('taskset', HAS_PROC && cpus().length > 1, 'it needs Linux and two cores')
describe.skipIf(!hasTaskset)('a harness that is starved of CPU', () => {
  const HOGS = 6
  // Ends by itself, should the test be killed.
  const HOG = 'const end = Date.now() + 60000; while (Date.now() < end);'

  it('is void and says what to do, whatever its figures are', async () => {
    // 150,000 events/s take about half a core, and a seventh is what is left of it.
    const reference = await referenceServer('--rate', '1000', '--size', '64')
    // In sessions of their own, or the kernel gives all of them together no more than the one worker (autogroup).
    const hog = () => spawn('taskset', ['-c', '1', process.execPath, '-e', HOG], { detached: true, stdio: 'ignore' })
    helpers.push(...Array.from({ length: HOGS }, hog))
    const size = ['--connections', '150', '--ramp', '500ms', '--warm-up', '500ms', '--duration', '4s']
    const result = await cli.run(['load', '--url', `${reference.url}/events`, ...size], {
      launcher: ['taskset', '-c', '1'],
    })
    expect(result).toMatchObject({ code: 5, answer: { status: 'void', exitCode: 5 } })
    const reasons = result.record?.void ?? []
    expect(reasons.map(({ rule }) => rule)).toContain('loop_utilisation')
    expect(reasons.find(({ rule }) => rule === 'loop_utilisation')?.remedy).toContain('give it one of its own')
    for (const { remedy } of reasons) expect(result.stderr.replaceAll(/\s+/g, ' ')).toContain(remedy.split(':')[0])
  })
})
