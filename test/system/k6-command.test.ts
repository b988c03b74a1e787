import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import type { RunRecord } from '../../harness/model/record.ts'
import { statsOf } from '../support/bench-server.ts'
import type { CliResult } from '../support/cli.ts'
import { CommandLine } from '../support/cli.ts'
import type { K6Flags } from '../support/k6.ts'
import { BUILD_LIMIT_MS, builtK6, K6Run, untilNotVoid } from '../support/k6.ts'
import { commandOf, HAS_PROC, isRunning, until, untilGone } from '../support/processes.ts'
import type { ReferenceServer } from '../support/reference-server.ts'
import { startReferenceServer } from '../support/reference-server.ts'
import { HAS_K6, HOW_TO_GET_K6, requirement } from '../support/require.ts'
import { schemaFaults } from '../support/run-schema.ts'
import { beginStream, event, SseServer, tick } from '../support/sse-server.ts'

const cli = new CommandLine()
const servers: ReferenceServer[] = []
const server = new SseServer({
  '/events': (response) => {
    beginStream(response)
    tick(response, { everyMs: 50 })
  },
  '/busy': (response) => response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>Too busy</h1>'),
  '/ends': (response) => {
    beginStream(response)
    response.end()
  },
  '/brief': (response, { before }) => {
    beginStream(response)
    response.end(`retry: 50\n\n${event(before + 1)}`)
  },
  '/resets': (response, { before }) => {
    beginStream(response)
    response.write(`retry: 50\n\n${event(2 * before + 1)}${event(2 * before + 2)}`)
    // In the middle of a line.
    response.write('data: hal', () => setTimeout(() => response.socket?.resetAndDestroy(), 100))
  },
})

afterEach(async () => {
  for (const started of servers.splice(0)) await started.stop()
})
afterAll(() => cli.close())

async function reference(...args: string[]): Promise<ReferenceServer> {
  const started = await startReferenceServer(['--rate', '20', ...args])
  servers.push(started)
  return started
}

const verdictOf = (record: RunRecord | null, name: string) => record?.verdicts.find((verdict) => verdict.name === name)
const failed = ({ record }: CliResult) =>
  record?.verdicts.filter(({ status }) => status === 'fail').map(({ name }) => name)
/** A server that does not tell what it wrote. */
const FOREIGN = ['--accept-inconclusive', 'reconciled']

/** A script of one stream an iteration, with so many users and iterations. */
const script = (body: string, users = 1, iterations = 1) => `import sse from 'k6/x/sse'
import { sleep } from 'k6'
export const options = {
  scenarios: { a: { executor: 'per-vu-iterations', vus: ${users}, iterations: ${iterations}, maxDuration: '60s' } },
}
export default function () {
  ${body}
}
`
const TWO_EVENTS = `sse.open(__ENV.SSE_URL, { maxEvents: 2, timeout: '30s' }, () => {})`
/** It would go on for minutes. */
const LONG = { SSE_CONNECTIONS: '4', SSE_RAMP: '200ms', SSE_DURATION: '5m', SSE_MAX_OPEN: '30s' }

async function run(text: string, flags: K6Flags = {}): Promise<CliResult> {
  const { result } = await untilNotVoid(async () => ({ result: await new K6Run(cli, text, flags).finished() }))
  if (result.record !== null) expect(schemaFaults(result.record)).toEqual([])
  return result
}

/** Nothing was started: one object with every fault, and no record. */
function expectRefused(result: CliResult, words: RegExp): void {
  expect(result).toMatchObject({ code: 2, signal: null, record: null, left: [] })
  expect(result.answer).toMatchObject({ status: 'error', exitCode: 2, faults: [expect.stringMatching(words)] })
  // A sentence and not a stack.
  expect(result.stderr).not.toMatch(/\n\s+at /)
}

function expectWritten(result: CliResult, code: number, status: string): void {
  expect(result).toMatchObject({ code, signal: null, answer: { status, exitCode: code } })
  expect(result.record).toMatchObject({ status, exitCode: code })
  expect(result.left).toEqual([result.answer?.runId])
}

const hasProc = requirement('proc', HAS_PROC, 'these tests look into /proc, which Linux has')
describe.skipIf(!requirement('k6', HAS_K6, HOW_TO_GET_K6))('sse-harness k6', () => {
  beforeAll(async () => {
    await builtK6()
    await server.listen()
  }, BUILD_LIMIT_MS)
  afterAll(() => server.close())

  describe('refuses a script', () => {
    it.each<[string, string, RegExp]>([
      ['that is not there', 'nowhere.js', /nowhere\.js is no file; give the path of a k6 script$/],
      ['that does not compile', 'export default function () {\n  let a = \n}\n', /script\.js:3:1: Unexpected token/],
      [
        'that throws in its init code',
        `const a = 1\nthrow new Error('no luck')\n`,
        /Error: no luck at .*script\.js:2:/,
      ],
      [
        'with a faulty setting, and names it',
        'load',
        /SSE_CONNECTIONS=many is no whole number from 1 on SSE_RAMP=5 is no duration/,
      ],
    ])('%s', async (_, text, words) => {
      const url = server.url('/events')
      expectRefused(await run(text, { url, env: { SSE_CONNECTIONS: 'many', SSE_RAMP: '5' } }), words)
    })

    it('whose setup() throws, before any stream', async () => {
      const text = `${script(TWO_EVENTS)}export function setup() { throw new Error('in setup') }\n`
      expectRefused(await run(text, { url: server.url('/events') }), /Error: in setup at .*script\.js/)
    })

    it('with a flag that k6 does not know', async () => {
      const result = await run(script(TWO_EVENTS), { url: server.url('/events'), further: ['--bogus'] })
      expectRefused(result, /^unknown flag: --bogus$/)
    })

    it('when there is neither a k6 nor a place to build one', async () => {
      // Whatever Go there is: no folder can be made in a file.
      const processEnv = { K6_BIN: '', XDG_CACHE_HOME: process.execPath }
      const result = await run('smoke', { url: server.url('/events'), processEnv })
      expectRefused(result, /^k6 could not be built: .*; mend that, or set K6_BIN to a k6 binary$/)
    })
  })

  describe('a script', () => {
    it('that throws in each iteration fails with their number', async () => {
      const { url } = await reference()
      const result = await run(script(`${TWO_EVENTS}\n  throw new Error('no luck')`, 2, 3), { url: `${url}/events` })
      expectWritten(result, 99, 'fail')
      expect(failed(result)).toEqual(['no_script_errors'])
      const verdict = verdictOf(result.record, 'no_script_errors')
      expect(verdict).toMatchObject({ actual: '6 iterations threw' })
      expect(verdict?.why).toMatch(/^Error: no luck at .*script\.js:8:/)
      // What was measured before is whole.
      expect(result.record).toMatchObject({ ends: { 'max-events': 6 }, ledger: { received: 12, lost: 0 } })
    })

    it('whose iteration never ends is ended by k6, and no process is left', async () => {
      const { url } = await reference()
      const text = script(`${TWO_EVENTS}\n  while (true) {}`).replace(`'60s'`, `'2s', gracefulStop: '0s'`)
      const result = await run(text, { url: `${url}/events` })
      // Its loop may take the cores that it would have to measure with: then it is void, and says so.
      expect([0, 5]).toContain(result.code)
      expectWritten(result, result.code ?? -1, result.code === 0 ? 'pass' : 'void')
      expect(failed(result)).toEqual([])
      expect(result.record).toMatchObject({ ends: { 'max-events': 1 }, ledger: { received: 2, lost: 0 } })
    })

    it('with a parameter that sse.open() does not know measures nothing, and says which', async () => {
      const text = script(`sse.open(__ENV.SSE_URL, { maxEvent: 2 }, () => {})`, 1, 2)
      const result = await run(text, { url: server.url('/events') })
      expectWritten(result, 4, 'error')
      const verdict = verdictOf(result.record, 'no_script_errors')
      expect(verdict).toMatchObject({ status: 'fail', actual: '2 iterations threw' })
      expect(verdict?.why).toContain('sse.open() has no parameter "maxEvent"; it has backoff, ')
      expect(result.record?.ends).toEqual({})
    })

    it('of ours is stopped by such a parameter at once', async () => {
      const seen = server.seen.length
      const env = { SSE_PARAMS: '{"maxEvent":2}', ...LONG }
      const result = await run('load', { url: server.url('/events'), env })
      expectWritten(result, 4, 'error')
      const verdict = verdictOf(result.record, 'script_completed')
      expect(verdict).toMatchObject({ status: 'fail' })
      expect(verdict?.why).toContain('has no parameter "maxEvent"')
      expect(server.seen.slice(seen).filter(({ url }) => url === '/events')).toEqual([])
    })

    it('that asks for no stream is not passed', async () => {
      const result = await run(script('sleep(0.1)'), { url: server.url('/events') })
      expectWritten(result, 4, 'error')
      expect(result.record?.verdicts.filter(({ status }) => status === 'fail')).toEqual([])
      expect(verdictOf(result.record, 'all_connected')).toMatchObject({ status: 'inconclusive' })
      expect(verdictOf(result.record, 'no_loss')).toMatchObject({ status: 'inconclusive' })
    })

    it('finds its target without --url, and what it prints is on stderr', async () => {
      const { url } = await reference()
      const text = script(
        `sse.open('${url}/events', { maxEvents: 3, timeout: '30s' }, () => {})\n  console.log('a word')`,
      )
      const result = await run(text)
      expectWritten(result, 0, 'pass')
      expect(result.record?.plan).toMatchObject({ target: { url: `${url}/events` } })
      expect(verdictOf(result.record, 'target_alive')).toMatchObject({ status: 'pass' })
      expect(result.stderr.split('\n')).toContain('a word')
      expect(result.stdout.trimEnd().split('\n')).toHaveLength(1)
    })

    it('is given users and time by flags, and what follows -- goes to k6', async () => {
      const { url } = await reference()
      const text = `import sse from 'k6/x/sse'\nexport default () => ${TWO_EVENTS}\n`
      const flags = ['--vus', '3', '--duration', '1500ms']
      const { code, record } = await run(text, { url: `${url}/events`, flags, further: ['--tag', 'release=7'] })
      expect(code).toBe(0)
      expect(record).toMatchObject({
        status: 'pass',
        plan: { k6: { vus: 3, arguments: ['--tag', 'release=7'] }, load: { connections: 3, duration: '1500ms' } },
      })
      expect(record?.ends['max-events']).toBeGreaterThanOrEqual(3)
    })
  })

  describe('a server', () => {
    it('that answers 503 with a page was never reached', async () => {
      const result = await run(script(TWO_EVENTS, 2, 2), { url: server.url('/busy') })
      expectWritten(result, 4, 'error')
      expect(result.record).toMatchObject({ failures: { status: 4 }, ends: {} })
      expect(result.record?.metrics['sse_connections_failed']).toEqual({ kind: 'counter', value: 4 })
      expect(verdictOf(result.record, 'all_connected')).toMatchObject({ status: 'fail', actual: '0 of 4' })
      expect(verdictOf(result.record, 'target_alive')).toMatchObject({ status: 'pass' })
    })

    it('that is not there was never reached', async () => {
      const gone = await reference()
      await gone.stop()
      const result = await run(script(TWO_EVENTS), { url: `${gone.url}/events` })
      expectWritten(result, 4, 'error')
      expect(result.record?.failures).toEqual({ refused: 1 })
      expect(verdictOf(result.record, 'target_alive')).toMatchObject({ status: 'fail' })
    })

    it('that ends the stream at once, to a client that stays away', async () => {
      const env = {
        ...{ SSE_CONNECTIONS: '3', SSE_RAMP: '100ms', SSE_DURATION: '1500ms', SSE_MAX_OPEN: '30s' },
        SSE_PARAMS: '{"reconnect":"never","sequence":"id"}',
      }
      const result = await run('load', { url: server.url('/ends'), env, flags: FOREIGN })
      expectWritten(result, 99, 'fail')
      expect(failed(result)).toEqual(expect.arrayContaining(['k6 sse_event: count>0', 'k6 checks: rate==1']))
      expect(failed(result)).toHaveLength(2)
      expect(result.record).toMatchObject({ ends: { clean: 3 }, failures: {} })
      expect(result.record?.metrics['sse_events_received']).toEqual({ kind: 'counter', value: 0 })
      expect(result.record?.metrics['sse_reconnects']).toEqual({ kind: 'counter', value: 0 })
      expect(server.seen.filter(({ url }) => url === '/ends').length % 3).toBe(0)
    })

    it('that ends the stream after each event, to a client that comes back', async () => {
      const text = script(
        `sse.open(__ENV.SSE_URL, { reconnect: true, sequence: 'id', maxEvents: 4, timeout: '60s' }, () => {})`,
      )
      const result = await run(text, { url: server.url('/brief'), flags: FOREIGN })
      const { record } = result
      expect(record).toMatchObject({ ends: { clean: 3, 'max-events': 1 }, ledger: { received: 4, lost: 0 } })
      expect(record?.metrics).toMatchObject({ sse_reconnects: { value: 3 }, sse_outage_duration: { count: 3 } })
      expect(server.seen.filter(({ url }) => url === '/brief').map(({ headers }) => headers['last-event-id'])).toEqual([
        undefined,
        '1',
        '2',
        '3',
      ])
    })

    it('that resets in the middle of an event', async () => {
      const text = script(
        `sse.open(__ENV.SSE_URL, { reconnect: true, sequence: 'id', maxEvents: 5, timeout: '60s' }, () => {})`,
      )
      const result = await run(text, { url: server.url('/resets'), flags: FOREIGN })
      expectWritten(result, 99, 'fail')
      // Two whole events a connection; what was cut is none.
      const { record } = result
      expect(record).toMatchObject({ ends: { reset: 2, 'max-events': 1 }, ledger: { received: 5, lost: 0 } })
      expect(failed(result)).toEqual(['no_unexpected_end'])
      expect(verdictOf(record, 'no_unexpected_end')).toMatchObject({ actual: '2 unexpected' })
      expect(verdictOf(record, 'all_recovered')).toMatchObject({ status: 'pass', actual: '2 of 2 losses' })
    })
  })

  describe.skipIf(!hasProc)('in the middle', () => {
    /** A run of load.ts whose streams are all open and have received. */
    async function begun(args: Omit<K6Flags, 'url' | 'env'> & { env?: Record<string, string> } = {}) {
      const target = await reference()
      const started = new K6Run(cli, 'load', { url: `${target.url}/events`, ...args, env: { ...LONG, ...args.env } })
      const k6 = await started.k6()
      await until('events', async () => {
        const { active, eventsSent } = await statsOf(target.url)
        return active === 4 && eventsSent > 40
      })
      return { started, target, k6 }
    }

    it('the server is killed: the run goes on to its end and fails', async () => {
      const { started, target, k6 } = await begun({ env: { SSE_DURATION: '6s' } })
      process.kill(target.pid, 'SIGKILL')
      const result = await started.finished()
      expectWritten(result, 99, 'fail')
      const { record } = result
      expect(verdictOf(record, 'target_alive')).toMatchObject({ status: 'fail', actual: 'no answer' })
      expect(verdictOf(record, 'all_recovered')).toMatchObject({ status: 'fail', actual: '0 of 4 losses' })
      expect(verdictOf(record, 'script_completed')).toMatchObject({ status: 'pass' })
      // What the dead server wrote cannot be known.
      expect(verdictOf(record, 'reconciled')).toMatchObject({ status: 'inconclusive' })
      expect(record?.failures['refused']).toBeGreaterThan(0)
      expect(record?.metrics['sse_outage_duration']).toMatchObject({ count: 4, censored: 4 })
      await untilGone([k6])
    })

    it.each<[string, (run: K6Run['run']) => void]>([
      ['SIGINT to the process', (process_) => process_.signal('SIGINT')],
      ['Ctrl-C in a terminal, which reaches the whole group', (process_) => process_.signalGroup('SIGINT')],
    ])('%s: what was measured is written', async (_, send) => {
      const { started, target, k6 } = await begun({ ownGroup: true })
      send(started.run)
      const result = await started.finished()
      expectWritten(result, 3, 'aborted')
      for (const name of ['run.json', 'intervals.hlog', 'report.html', 'summary.md', 'junit.xml'])
        expect(readdirSync(result.answer?.runDir ?? '')).toContain(name)
      const { record } = result
      expect(failed(result)).toEqual([])
      expect(record?.ledger).toMatchObject({ streams: 4, connections: 4, lost: 0, reconcilable: true })
      expect(record?.ledger?.received).toBeGreaterThanOrEqual(40)
      expect(Object.values(record?.ends ?? {})).toEqual([4])
      expect(verdictOf(record, 'script_completed')).toMatchObject({ status: 'inconclusive' })
      expect((await statsOf(target.url)).active).toBe(0)
      expect(isRunning(k6)).toBe(false)
    })

    it('Ctrl-C twice: it ends at once, and nothing is left', async () => {
      const { started, k6 } = await begun({ ownGroup: true })
      // k6 cannot end while it stands still.
      process.kill(k6, 'SIGSTOP')
      started.run.signalGroup('SIGINT')
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(isRunning(started.run.pid)).toBe(true)
      started.run.signalGroup('SIGINT')
      const result = await started.run.finished
      expect(result).toMatchObject({ code: 3, signal: null, stdout: '', left: [] })
      await untilGone([k6])
      await started.finished()
    })

    it('the process itself is killed: k6 ends as well', async () => {
      const { started, k6 } = await begun()
      started.run.signal('SIGKILL')
      expect(await started.run.finished).toMatchObject({ code: null, signal: 'SIGKILL' })
      await untilGone([k6])
    })

    it('k6 is killed: nothing of it is believed, and what there is is written', async () => {
      const { started, k6 } = await begun()
      process.kill(k6, 'SIGKILL')
      const result = await started.finished()
      expectWritten(result, 1, 'error')
      const { record } = result
      expect(record?.warnings).toContain('k6 died of SIGKILL')
      expect(record?.ledger).toBeNull()
      expect(verdictOf(record, 'no_loss')).toMatchObject({ status: 'inconclusive', actual: 'unknown' })
      expect(verdictOf(record, 'target_alive')).toMatchObject({ status: 'pass' })
      expect(record?.verdicts.filter(({ status }) => status === 'pass').map(({ name }) => name)).toEqual([
        'target_alive',
      ])
    })

    it('k6 is interrupted by somebody else: stopped, as by us', async () => {
      const { started, k6 } = await begun()
      process.kill(k6, 'SIGINT')
      const result = await started.finished()
      expectWritten(result, 3, 'aborted')
      expect(verdictOf(result.record, 'script_completed')).toMatchObject({
        why: 'somebody else stopped k6 with a signal',
      })
    })
  })

  describe.skipIf(!hasProc)('secrets', () => {
    const SECRETS = {
      token: 'hush-token',
      header: 'hush-header',
      key: 'hush-key',
      user: 'hush-user',
      query: 'hush-query',
    }

    it('reach the server and stand nowhere else', async () => {
      const { token, header, key, user, query } = SECRETS
      const { host } = new URL(server.url('/'))
      const env = {
        ...LONG,
        SSE_DURATION: '2s',
        TOKEN: token,
        SSE_PARAMS: JSON.stringify({
          headers: { authorization: `Bearer ${header}`, 'x-api-key': key },
          sequence: 'id',
        }),
      }
      const url = `http://someone:${user}@${host}/events?access_token=${query}`
      const text = script(`const params = JSON.parse(__ENV.SSE_PARAMS)
  params.headers['x-token'] = __ENV.TOKEN
  sse.open(__ENV.SSE_URL, { ...params, timeout: '2s' }, () => {})`)
      const started = new K6Run(cli, text, { url, env, flags: FOREIGN })
      const k6 = await started.k6()
      const seen = await until('the request', () => server.seen.find(({ headers }) => headers['x-token'] === token))
      // All of it was on its way, so that nothing is hidden only because it is not there.
      expect(seen.headers).toMatchObject({ authorization: `Bearer ${header}`, 'x-api-key': key })
      expect(seen.url).toContain(query)
      expect(commandOf(k6)).toContain('script.js')
      const shown = commandOf(k6)
      const result = await started.finished()
      expect(result.code).toBe(0)
      const folder = result.answer?.runDir ?? ''
      const files = readdirSync(folder).map((name): [string, string] => [
        name,
        readFileSync(path.join(folder, name), 'utf8'),
      ])
      expect(files.length).toBeGreaterThan(5)
      const places = {
        ...Object.fromEntries(files),
        'command line of k6': shown,
        stdout: result.stdout,
        stderr: result.stderr,
      }
      const found = Object.entries(places).flatMap(([place, content]) =>
        Object.values(SECRETS).flatMap((secret) => (content.includes(secret) ? [`${secret} in ${place}`] : [])),
      )
      expect(found).toEqual([])
      expect(result.record?.plan).toMatchObject({
        redacted: ['target.url', 'k6.env.TOKEN', 'k6.env.SSE_PARAMS'],
        k6: { env: { SSE_DURATION: '2s' } },
      })
    })
  })
})
