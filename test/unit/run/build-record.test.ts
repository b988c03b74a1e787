import { describe, expect, test } from 'vitest'

import type { K6Message } from '../../../harness/k6/messages.ts'
import type { K6Outcome } from '../../../harness/k6/outcome.ts'
import { RunRecordSchema } from '../../../harness/model/record.ts'
import type { RunRecord } from '../../../harness/model/record.ts'
import { loadPlan } from '../../../harness/plan/load-plan.ts'
import type { RecordInput } from '../../../harness/run/build-record.ts'
import { buildRecord } from '../../../harness/run/build-record.ts'
import type { K6SessionOptions } from '../../../harness/run/k6-session.ts'
import { runK6Session } from '../../../harness/run/k6-session.ts'
import type { SessionResult } from '../../../harness/run/session-types.ts'
import { environment } from '../../fixtures/records/parts.ts'
import { balance, interval, options, phase, played, result, SECOND, START, start, target } from './k6-messages.ts'

const URL = 'http://127.0.0.1:9/events'

interface Story {
  /** Seconds after the start of the run. */
  from?: number
  /** Per stream and second. */
  rate?: number
  utilisation?: number
  more?: K6Message[]
  outcome?: Partial<K6Outcome>
  changes?: Partial<K6SessionOptions>
}

const later = (message: K6Message, seconds: number): K6Message => {
  const by = seconds * SECOND
  if (message.type === 'start') return { ...message, startedAt: message.startedAt + by }
  if (message.type === 'phase') return { ...message, start: message.start + by }
  if (message.type === 'result') return { ...message, endedAt: message.endedAt + by }
  return message.type === 'interval' ? { ...message, start: message.start + by, end: message.end + by } : message
}

/** Two streams for three seconds, of which two are measured. */
function session({ from = 0, rate = 10, utilisation = 0.2, more, outcome, changes }: Story) {
  const load = { utilisation, cpu: 1 }
  const second = (at: number) =>
    interval({
      start: at,
      end: at + 1,
      open: 2,
      phase: at === 0 ? 0 : 1,
      counters: { sse_events_received: 2 * rate },
      load,
    })
  const messages = [start, phase(0, 'warm-up', 0), target(URL), second(0), phase(1, 'measure', 1), second(1), second(2)]
  const told = [...messages, ...(more ?? [result()])].map((message) => later(message, from))
  return runK6Session(options(played(told, outcome), { name: 'k6/', ...changes }))
}

/** The same by our own clients, whose target answers. */
async function ofNode(story: Story = {}): Promise<SessionResult> {
  return { ...(await session({ ...story, changes: { name: '' } })), k6: null, targetAlive: true }
}
const ofK6 = async (story: Story = {}): Promise<SessionResult> => ({ ...(await session(story)), targetAlive: true })

function record(sessions: SessionResult[], changes: Partial<RecordInput> = {}): RunRecord {
  const { plan } = loadPlan({
    target: { url: URL },
    seed: 1,
    acceptInconclusive: ['reconciled', 'no_loss', 'no_duplicates', 'in_order'],
  })
  const input = {
    ...{
      id: 'id',
      command: ['sse-harness'],
      plan,
      environment: environment(),
      sessions,
      leaks: null,
      extraVerdicts: [],
    },
    ...{ extraPhases: [], warnings: [], aborted: false, headline: null, targetAlive: true },
  }
  const built = buildRecord({ ...input, ...changes })
  // As it is read again.
  expect(RunRecordSchema.safeParse(JSON.parse(JSON.stringify(built))).error).toBeUndefined()
  return built
}
const names = ({ verdicts }: RunRecord) => verdicts.map(({ name }) => name)
const verdictOf = ({ verdicts }: RunRecord, name: string) => verdicts.find((verdict) => verdict.name === name)

describe('a run of both', () => {
  test('has them side by side and never added up', async () => {
    const built = record([await ofNode(), await ofK6({ from: 5, rate: 10.2 })])
    const { node, k6 } = built.generators
    expect(node?.metrics['sse_events_received']).toEqual({ kind: 'counter', value: 60 })
    expect(k6?.metrics['sse_events_received']).toEqual({ kind: 'counter', value: expect.closeTo(61.2) })
    expect(built.metrics).toEqual(node?.metrics)
    expect(built.ends).toEqual({ lifetime: 2 })
    expect(k6).toMatchObject({ ends: { lifetime: 2 }, failures: {}, version: '1.8.1', script: 'mine.ts' })
    expect(k6?.ledger).toMatchObject({ streams: 0 })
    expect(Object.keys(node ?? {})).toEqual(['metrics', 'phases'])
    expect(built.environment.k6).toBe('1.8.1')
    expect(built.status).toBe('pass')
  })

  test('has phases and series one after the other', async () => {
    const built = record([await ofNode(), await ofK6({ from: 5, rate: 9.8 })])
    expect(
      built.phases.map(({ name, startUs, endUs }) => [name, (startUs - START) / SECOND, (endUs - START) / SECOND]),
    ).toEqual([
      ['warm-up', 0, 1],
      ['measure', 1, 3],
      ['k6/warm-up', 5, 6],
      ['k6/measure', 6, 8],
    ])
    expect(built.series.columns['events_per_second']).toEqual([20, 20, 20, null, null, 20, 20, 20])
    expect(built.series.columns['open_streams']).toEqual([2, 2, 2, null, null, 2, 2, 2])
    expect(Object.keys(built.generators.node?.phases ?? {})).toEqual(['warm-up', 'measure'])
    expect(Object.keys(built.generators.k6?.phases ?? {})).toEqual(['k6/warm-up', 'k6/measure'])
    expect([built.startedAt, built.endedAt].map((time) => Date.parse(time) / 1000)).toEqual([
      START / SECOND,
      START / SECOND + 8,
    ])
  })

  test('is judged by both, and by whether they agree', async () => {
    const extra = { name: 'no_leak', status: 'pass', expected: '', actual: '', why: '' } as const
    const built = record([await ofNode(), await ofK6({ from: 5 })], { extraVerdicts: [extra] })
    const defaults = [
      'all_connected',
      'no_loss',
      'no_duplicates',
      'in_order',
      'reconciled',
      'no_unexpected_end',
      'all_recovered',
      'target_alive',
    ]
    expect(names(built)).toEqual([
      ...defaults,
      'no_leak',
      ...defaults.map((name) => `k6/${name}`),
      ...['no_script_errors', 'script_completed', 'generators_agree'],
    ])
    expect(verdictOf(built, 'generators_agree')).toMatchObject({
      status: 'pass',
      actual: expect.stringContaining('node 10.00, k6 10.00'),
    })
  })

  test.each([
    ['events that k6 did not get', { rate: 9 }, 'generators_agree'],
    ['a stream that k6 could not open', { more: [result({ users: 3 })] }, 'k6/all_connected'],
    ['a script that threw', { outcome: { exceptions: { count: 1, first: ['Error: no'] } } }, 'no_script_errors'],
  ])('fails by %s', async (_what, story, name) => {
    const built = record([await ofNode(), await ofK6({ from: 5, ...story })])
    expect(built).toMatchObject({ status: 'fail', exitCode: 99 })
    expect(built.verdicts.filter(({ status }) => status === 'fail').map((verdict) => verdict.name)).toEqual([name])
  })

  test('is void when k6 was full, and then proves no agreement', async () => {
    const built = record([await ofNode(), await ofK6({ from: 5, utilisation: 0.99 })])
    expect(built).toMatchObject({
      status: 'void',
      void: [{ rule: 'loop_utilisation', actual: expect.stringMatching(/^k6: /) }],
    })
    expect(verdictOf(built, 'generators_agree')?.status).toBe('inconclusive')
  })

  test('compares the steady phases alone', async () => {
    const node = await ofNode()
    node.collector.beginPhase('interruption', 'measure', true, START + 3 * SECOND)
    const interrupted = interval({ start: 3, end: 4, open: 2, phase: 2, counters: {} })
    if (interrupted.type === 'interval') node.collector.add({ ...interrupted, worker: 0 })
    node.collector.endPhases(START + 4 * SECOND)
    const sessions = [node, await ofK6({ from: 5 })]
    expect(verdictOf(record(sessions, { headline: ['measure'] }), 'generators_agree')?.status).toBe('pass')
    expect(verdictOf(record(sessions), 'generators_agree')?.status).toBe('fail')
  })

  test('says whose a warning is', async () => {
    const blind = result({ stamped: false })
    const built = record([await ofNode({ more: [blind] }), await ofK6({ from: 5, more: [blind] })], {
      warnings: ['by hand'],
    })
    expect(built.warnings.map((warning) => warning.slice(0, 20))).toEqual([
      'by hand',
      'events carry no read',
      'k6: events carry no ',
    ])
  })

  test('with a k6 that crashed is an error, and what our own clients found stays', async () => {
    const outcome = { exitCode: null, signal: 'SIGKILL', complete: false } as const
    const built = record([await ofNode(), await ofK6({ from: 5, more: [], outcome })])
    expect(built).toMatchObject({ status: 'error', exitCode: 1, ledger: { streams: 0 } })
    expect(built.generators.k6?.ledger).toBeNull()
    expect(built.warnings.join()).toContain('k6: k6 died of SIGKILL')
    expect(verdictOf(built, 'k6/no_unexpected_end')?.status).toBe('inconclusive')
    expect(verdictOf(built, 'no_unexpected_end')?.status).toBe('pass')
  })

  test('with a k6 that knows little asks it no more than that', async () => {
    const binary = { path: 'k6', version: '1.0.0', records: false, sse: true, origin: 'K6_BIN' } as const
    const foreign = await session({ from: 5, changes: { binary } })
    foreign.collector.phases.forEach((each) => (each.openTime = NaN))
    const built = record([await ofNode(), { ...foreign, targetAlive: true }])
    expect(names(built).slice(8)).toEqual([
      'k6/all_connected',
      'k6/target_alive',
      'no_script_errors',
      'script_completed',
    ])
    expect(built.series.columns['events_per_second']?.slice(5)).toEqual([20, 20, 20])
    expect(built.series.columns['wanted_streams']?.slice(5)).toEqual([])
    expect(built.status).toBe('pass')
  })
})

describe('a run of k6 alone', () => {
  const plan = {
    target: { url: URL },
    k6: { script: 'mine.ts', env: {}, arguments: [], vus: 2, totalDuration: '3s' },
    load: { connections: 2, duration: null },
    thresholds: [],
    seed: 0,
    acceptInconclusive: ['reconciled', 'no_loss', 'no_duplicates', 'in_order'],
    redacted: [],
  }
  const alone = async (story: Story = {}) => record([await ofK6({ ...story, changes: { name: '' } })], { plan })

  test('is what stands at the top, without a prefix', async () => {
    const built = await alone({ more: [result({ failures: { refused: 3 } })] })
    expect(built).toMatchObject({ status: 'pass', plan, seed: 0, failures: { refused: 3 } })
    expect(built.generators.node).toBeUndefined()
    expect(built.metrics).toEqual(built.generators.k6?.metrics)
    expect(built.ledger).toEqual(built.generators.k6?.ledger)
    expect(names(built).filter((name) => name.startsWith('k6/') || name === 'generators_agree')).toEqual([])
    expect(names(built).slice(-3)).toEqual(['target_alive', 'no_script_errors', 'script_completed'])
  })

  test('fails by its own thresholds', async () => {
    const thresholds = [{ metric: 'checks', expression: 'rate==1', ok: false }]
    expect(await alone({ outcome: { thresholds, exitCode: 99 } })).toMatchObject({ status: 'fail', exitCode: 99 })
  })

  test('that reached nothing is unreachable', async () => {
    const nothing = await runK6Session(options(played([], { started: false })))
    expect(record([nothing], { plan })).toMatchObject({ status: 'error', exitCode: 4, phases: [], metrics: {} })
  })

  test('without the part of our own clients is never mistaken for one', () => {
    expect(() => record([])).toThrow(/nothing to record/)
  })
})

test('a stream that lost something under k6 stands in its own ledger', async () => {
  const lossy = [
    interval({ start: 3, end: 4, phase: 1, balances: [balance(1, [1, 2, 5])] }),
    result({ endedAt: START + 4 * SECOND }),
  ]
  const built = record([await ofNode(), await ofK6({ from: 5, more: lossy })])
  expect(built.generators.k6?.ledger).toMatchObject({ lost: 2, received: 3 })
  expect(built.ledger).toMatchObject({ received: 0 })
  expect(verdictOf(built, 'k6/no_loss')?.status).toBe('fail')
})
