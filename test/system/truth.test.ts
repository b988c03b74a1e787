import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import type { HistogramMetric, RunRecord } from '../../harness/model/record.ts'
import { control, statsOf } from '../support/bench-server.ts'
import type { CliResult } from '../support/cli.ts'
import { CommandLine } from '../support/cli.ts'
import { until } from '../support/processes.ts'
import type { ReferenceServer } from '../support/reference-server.ts'
import { startReferenceServer } from '../support/reference-server.ts'
import { beginStream, event, SseServer, tick } from '../support/sse-server.ts'

const MS = 1000
const SECOND = 1_000_000

const cli = new CommandLine()
const references: ReferenceServer[] = []
afterEach(async () => {
  for (const reference of references.splice(0)) await reference.stop()
})
afterAll(() => cli.close())

async function referenceServer(...args: string[]): Promise<ReferenceServer> {
  const reference = await startReferenceServer(args)
  references.push(reference)
  return reference
}

function histogram(record: RunRecord | null, name: string): HistogramMetric {
  const metric = record?.metrics[name]
  if (metric?.kind !== 'histogram') throw new Error(`the record has no histogram ${name}`)
  return metric
}
function value(record: RunRecord | null, name: string): number | null {
  const metric = record?.metrics[name]
  return metric?.kind === 'counter' ? metric.value : metric?.kind === 'gauge' ? metric.last : null
}
function measuredTime(record: RunRecord | null): number {
  const phase = record?.phases.find(({ kind }) => kind === 'measure')
  return (phase?.endUs ?? NaN) - (phase?.startUs ?? NaN)
}
const verdicts = (record: RunRecord | null) =>
  Object.fromEntries((record?.verdicts ?? []).map(({ name, status }) => [name, status]))

function expectNear(actual: number | null, expected: number, tolerance: number): void {
  expect(actual).toBeGreaterThanOrEqual(expected * (1 - tolerance))
  expect(actual).toBeLessThanOrEqual(expected * (1 + tolerance))
}

/** Everything adds up, counted from both ends. `notices`: events of the server that tell of a gap and have no number. */
function expectExactLedger({ record }: CliResult, notices = 0): void {
  const { ledger } = record ?? {}
  expect(ledger).toMatchObject({ reconcilable: true, why: null, unsequenced: 0 })
  expect(ledger?.identities.map(({ name, holds, brokenStreams }) => ({ name, holds, brokenStreams }))).toEqual(
    ['by sequence', 'by write', 'by offer'].map((name) => ({ name, holds: true, brokenStreams: 0 })),
  )
  expect(value(record, 'sse_events_received')).toBe((ledger?.received ?? NaN) + (ledger?.duplicates ?? NaN) + notices)
}

describe('a server that stands still for a known time', () => {
  const CHANNELS = 20
  const RATE = 10
  const STOP_MS = 2000

  it('has latencies where arithmetic puts them', async () => {
    const server = await referenceServer('--rate', String(RATE))
    const url = `${server.url}/events?channel=c{stream%${CHANNELS}}`
    const size = ['--connections', String(2 * CHANNELS), '--ramp', '500ms', '--warm-up', '1s', '--duration', '20s']
    const run = cli.start(['load', '--url', url, ...size])
    await until('all streams are open', async () => (await statsOf(server.url)).active === 2 * CHANNELS)
    // Somewhere in the middle of what is measured.
    await new Promise((resolve) => setTimeout(resolve, 8000))
    const stoppedAt = process.hrtime.bigint()
    process.kill(server.pid, 'SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, STOP_MS))
    process.kill(server.pid, 'SIGCONT')
    const stop = Number((process.hrtime.bigint() - stoppedAt) / 1000n)
    const result = await run.finished
    const { record } = result
    expect(result).toMatchObject({ code: 0, answer: { status: 'pass' } })
    const measured = measuredTime(record)

    // Events that come due in the stop are spread evenly over it, and what is due at x of it is late by stop - x: the
    // share stop/measured of all events has a latency that is spread evenly from 0 to stop.
    const delivery = histogram(record, 'sse_delivery_latency')
    expectNear(delivery.count, (measured / SECOND) * RATE * 2 * CHANNELS, 0.01)
    expectNear(delivery.p95, stop - 0.05 * measured, 0.1)
    expectNear(delivery.p99, stop - 0.01 * measured, 0.05)
    expectNear(delivery.max, stop, 0.05)
    expect(delivery.p50).toBeLessThan(stop / 20)
    // From sending to receipt nothing has happened: most events were sent on time, the others all at once.
    expect(histogram(record, 'sse_transit_latency').p50).toBeLessThan(stop / 20)

    // At the end of the stop the newest event is as old as the stop, and up to a period older.
    const period = SECOND / RATE
    const staleness = histogram(record, 'sse_staleness')
    expect(staleness.max).toBeGreaterThan(stop - period)
    expect(staleness.max).toBeLessThan((stop + period) * 1.05)
    // Half of the time every stream has data at most a period old.
    expect(staleness.p50).toBeLessThan(2 * period)
    const worst = histogram(record, 'sse_worst_gap')
    expect(worst).toMatchObject({ count: 2 * CHANNELS, censored: 0 })
    expectNear(worst.p50, stop + period / 2, 0.05)
    expect(worst.min).toBeGreaterThan(stop * 0.97)
    expectExactLedger(result)
    expect(record?.ledger).toMatchObject({ lost: 0, duplicates: 0, reordered: 0, undrained: 0 })
  })
})

describe('events that are sent late by a known time', () => {
  it('are late by that time, and so is what people see', async () => {
    const server = await referenceServer('--rate', '10')
    await control(server.url, { action: 'delay', ms: 700 })
    const url = `${server.url}/events?channel=c{stream%20}`
    const size = ['--connections', '20', '--ramp', '200ms', '--warm-up', '1500ms', '--duration', '4s']
    const result = await cli.run(['load', '--url', url, ...size])
    expect(result.code).toBe(0)
    const delivery = histogram(result.record, 'sse_delivery_latency')
    expect(delivery.min).toBeGreaterThanOrEqual(700 * MS)
    expectNear(delivery.p50, 700 * MS, 0.1)
    // The newest event is as old as the delay, and half a period more on average.
    expectNear(histogram(result.record, 'sse_staleness').mean, 750 * MS, 0.1)
    expect(histogram(result.record, 'sse_staleness').min).toBeGreaterThanOrEqual(690 * MS)
    expect(histogram(result.record, 'sse_transit_latency').p50).toBeLessThan(70 * MS)
    expectExactLedger(result)
  })
})

describe('a stream that is lost and comes back', () => {
  const size = ['--connections', '12', '--workers', '2', '--ramp', '200ms', '--warm-up', '0s', '--duration', '4s']

  async function interrupted(...args: string[]): Promise<CliResult> {
    const server = await referenceServer('--rate', '50', '--retry', '300ms', ...args)
    const run = cli.start(['load', '--url', `${server.url}/events?channel=c{stream%3}`, ...size])
    await until('a second of events', async () => {
      const { channels, active } = await statsOf(server.url)
      return active === 12 && channels.length === 3 && channels.every(({ head }) => head > 50)
    })
    await control(server.url, { action: 'drop', share: 0.5, mode: 'reset' })
    return run.finished
  }

  it('has lost nothing when the server sends again what it missed', async () => {
    const result = await interrupted()
    // Nobody had planned the cut.
    expect(result.code).toBe(99)
    expect(result.record?.ends).toEqual({ reset: 6, stopped: 12 })
    const failed = Object.entries(verdicts(result.record)).filter(([, status]) => status !== 'pass')
    expect(failed).toEqual([['no_unexpected_end', 'fail']])
    expectExactLedger(result)
    expect(result.record?.ledger).toMatchObject({ streams: 12, connections: 18, lost: 0, duplicates: 0, undrained: 0 })
    // 300 ms at 50 events/s, on each of six streams.
    expect(result.record?.ledger?.replayed).toBeGreaterThanOrEqual(6 * 14)
    const outage = histogram(result.record, 'sse_outage_duration')
    expect(outage).toMatchObject({ count: 6, censored: 0 })
    expect(outage.min).toBeGreaterThanOrEqual(300 * MS)
  })

  it('has lost what the server cannot send again, to the event, with the numbers named', async () => {
    const result = await interrupted('--replay', '0')
    expect(result.code).toBe(99)
    expect(verdicts(result.record)).toMatchObject({ no_loss: 'fail', no_duplicates: 'pass', reconciled: 'pass' })
    expectExactLedger(result, 6)
    const { ledger } = result.record ?? {}
    const ranges = ledger?.lostRanges ?? []
    expect(ranges).toHaveLength(6)
    expect(ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0)).toBe(ledger?.lost)
    expect(ledger?.lost).toBeGreaterThanOrEqual(6 * 14)
    expect(ledger?.replayed).toBe(0)
    const why = result.record?.verdicts.find(({ name }) => name === 'no_loss')?.why
    for (const { stream, from, to } of ranges.slice(0, 5)) expect(why).toContain(`stream ${stream}: ${from}-${to}`)
  })
})

describe('two workers', () => {
  it('count what one would have', async () => {
    const server = await referenceServer('--rate', '50')
    const size = ['--connections', '9', '--ramp', '200ms', '--warm-up', '200ms', '--duration', '2s']
    const result = await cli.run(['load', '--url', `${server.url}/events`, ...size, '--workers', '2'])
    expect(result.code).toBe(0)
    expectExactLedger(result)
    const { record } = result
    const { eventsSent } = await statsOf(server.url)
    expect(record?.ledger).toMatchObject({ streams: 9, connections: 9, received: eventsSent, lost: 0, undrained: 0 })
    expect(value(record, 'sse_events_received')).toBe(eventsSent)
    // One burst a period for all nine streams, whichever worker they are on.
    const delivery = histogram(record, 'sse_delivery_latency')
    expectNear(delivery.count, 9 * delivery.independent, 0.03)
    expectNear(delivery.independent, (50 * measuredTime(record)) / SECOND, 0.05)
    const fanout = histogram(record, 'sse_fanout_duration')
    expectNear(fanout.count, delivery.independent, 0.05)
    expect(value(record, 'sse_fanout_incomplete')).toBe(0)
    expect(record?.series.columns['open_streams']).toContain(9)
  })
})

/** One after the other: timers of their own may fire out of order where the process has to wait for a core. */
function inTurn<T>(everyMs: number, items: readonly T[], send: (item: T) => void): void {
  const [next, ...rest] = items
  if (next === undefined) return
  send(next)
  setTimeout(() => inTurn(everyMs, rest, send), everyMs)
}

// Counts, which hold however busy the machine is: so these may run beside one another.
describe.concurrent('a server without books', () => {
  const DROPPED = new Set([5, 6, 17])
  const DOUBLED = new Set([3, 9, 20, 21])
  const SWAPPED = new Set([11, 30])
  const LAST = 40

  /** Numbers in the order in which they are sent; of a swapped one the next comes first. */
  function numbers(): number[] {
    const sent: number[] = []
    for (let n = 1; n <= LAST; n += 1) {
      if (DROPPED.has(n)) continue
      if (SWAPPED.has(n)) sent.push(n + 1, n)
      else if (!SWAPPED.has(n - 1)) sent.push(n)
      if (DOUBLED.has(n)) sent.push(n)
    }
    return sent
  }

  const server = new SseServer({
    '/faulty': (response) => {
      beginStream(response)
      inTurn(20, numbers(), (number) => response.write(event(number)))
    },
    // The second stream is cut after five events, and its user is turned away from then on.
    '/never-back': (response, { query, before }) => {
      if (query.get('user') !== '1') {
        beginStream(response)
        tick(response, { everyMs: 50 })
      } else if (before === 0) {
        beginStream(response)
        response.write('retry: 200\n\n')
        tick(response, { everyMs: 50, count: 5, onLast: () => response.destroy() })
      } else response.writeHead(503).end()
    },
    '/no-event': (response) => {
      beginStream(response)
      response.write(': welcome\n\n')
    },
    '/endless': (response, { headers }) => {
      beginStream(response)
      tick(response, { everyMs: 20, lastId: Number(headers['last-event-id'] ?? 0) })
    },
    '/clean-end': (response) => {
      beginStream(response)
      tick(response, { everyMs: 20, count: 8, onLast: () => response.end() })
    },
    '/tokens': (response, { method, body }) => {
      if (method !== 'POST' || body !== '{"prompt":"hello"}') return response.writeHead(400).end()
      beginStream(response)
      inTurn(30, [1, 2, 3, 4, 5, 6], (n) => response.write(event(n, n === 6 ? '[DONE]' : `token ${n}`)))
      return response
    },
    '/cut': (response) => {
      beginStream(response)
      tick(response, { everyMs: 20, count: 5, onLast: () => response.destroy() })
    },
  })
  beforeAll(() => server.listen())
  afterAll(() => server.close())

  const size = (connections: number, duration = '2s') => [
    ...['--connections', String(connections), '--ramp', '100ms', '--warm-up', '0s', '--duration', duration],
    ...['--settle', '300ms'],
  ]
  const ACCEPTED = ['--sequence', 'id', '--accept-inconclusive', 'reconciled']

  it('has its losses, doubles and swaps counted to the event', async () => {
    const result = await cli.run(['load', '--url', server.url('/faulty'), ...size(4), '--sequence', 'id'])
    expect(result).toMatchObject({ code: 99, answer: { status: 'fail' } })
    const { ledger } = result.record ?? {}
    expect(ledger).toMatchObject({
      reconcilable: false,
      received: 4 * (LAST - DROPPED.size),
      lost: 4 * DROPPED.size,
      duplicates: 4 * DOUBLED.size,
      reordered: 4 * SWAPPED.size,
    })
    expect(ledger?.lostRanges.filter(({ stream }) => stream === 0)).toEqual([
      { stream: 0, from: 5, to: 6 },
      { stream: 0, from: 17, to: 17 },
    ])
    expect(value(result.record, 'sse_events_lost')).toBe(4 * DROPPED.size)
    expect(value(result.record, 'sse_events_received')).toBe(4 * numbers().length)
    expect(verdicts(result.record)).toMatchObject({
      ...{ no_loss: 'fail', no_duplicates: 'fail', in_order: 'fail', reconciled: 'inconclusive' },
      ...{ all_connected: 'pass', target_alive: 'pass', no_unexpected_end: 'pass' },
    })
  })

  it('has a stream that never comes back counted with the time that it has been away', async () => {
    const url = server.url('/never-back?user={stream}')
    const result = await cli.run(['load', '--url', url, ...size(4, '4s'), ...ACCEPTED, '--reconnect', 'always'])
    expect(result.code).toBe(99)
    const { record } = result
    const outage = histogram(record, 'sse_outage_duration')
    expect(outage).toMatchObject({ count: 1, censored: 1, lowerBounds: expect.arrayContaining(['max']) as string[] })
    const measured = measuredTime(record)
    // It had 250 ms of the whole time.
    expect(outage.max).toBeGreaterThan(measured * 0.75)
    expect(outage.max).toBeLessThan(measured + 2 * SECOND)
    const uptime = value(record, 'sse_uptime_ratio')
    expect(uptime).toBeLessThan(0.9)
    expectNear(uptime, 0.75 + (0.25 * 250 * MS) / measured, 0.05)
    expect(record?.failures['status']).toBeGreaterThan(3)
    expect(record?.ends).toEqual({ truncated: 1, stopped: 3 })
    expect(verdicts(record)).toMatchObject({ all_recovered: 'fail', no_unexpected_end: 'fail', target_alive: 'pass' })
    // Its people see data that gets older and older, which the streams that are well must not hide.
    expect(histogram(record, 'sse_staleness').max).toBeGreaterThan(measured * 0.75)
  })

  it('has a first event that never comes counted with the time that it was waited for', async () => {
    const rules = ['--threshold', 'sse_first_event_duration: med<1s', '--threshold', 'sse_first_event_duration: med>1s']
    const result = await cli.run(['load', '--url', server.url('/no-event'), ...size(20, '1500ms'), ...rules])
    expect(result.code).toBe(99)
    const first = histogram(result.record, 'sse_first_event_duration')
    expect(first).toMatchObject({ count: 20, censored: 20, lowerBounds: expect.arrayContaining(['p50']) as string[] })
    expect(first.min).toBeGreaterThan(1.4 * SECOND)
    expect(value(result.record, 'sse_comments_received')).toBe(20)
    const judged = verdicts(result.record)
    expect(judged['sse_first_event_duration: med<1s']).toBe('fail')
    expect(judged['sse_first_event_duration: med>1s']).toBe('pass')
  })

  describe('streams that end as they should', () => {
    it.each([
      ['by the number of events', 'max-events', '/endless', ['--max-events', '5'], 5],
      ['by an event that was waited for', 'until', '/endless', ['--until', 'id=7'], 7],
      ['by themselves, when nobody reconnects', 'clean', '/clean-end', ['--reconnect', 'never'], 8],
      [
        ...(['by the last token of a POST, which is never repeated', 'until', '/tokens'] as const),
        ['--method', 'POST', '--body', '{"prompt":"hello"}', '--until', 'data=[DONE]'],
        6,
      ],
    ])('are a success, and the run ends with the last of them: %s', async (_, reason, where, flags, events) => {
      // Minutes, which nobody waits for.
      const args = ['load', '--url', server.url(where), ...size(6, '5m'), ...ACCEPTED, ...flags]
      const result = await cli.run(args)
      expect(result).toMatchObject({ code: 0, answer: { status: 'pass' } })
      expect(result.record?.ends).toEqual({ [reason]: 6 })
      expect(result.record?.ledger).toMatchObject({ received: 6 * events, lost: 0, duplicates: 0 })
      expect(value(result.record, 'sse_connections_opened')).toBe(6)
    })

    it('are no more than inconclusive where the word of the server is needed and not taken for granted', async () => {
      const flags = [...size(6, '5m'), '--sequence', 'id', '--max-events', '5']
      const result = await cli.run(['load', '--url', server.url('/endless'), ...flags])
      expect(result).toMatchObject({ code: 5, answer: { status: 'inconclusive' } })
      const open = result.record?.verdicts.filter(({ status }) => status !== 'pass') ?? []
      expect(open).toMatchObject([{ name: 'reconciled', status: 'inconclusive' }])
    })
  })

  it('has a clean end told apart from a success when the stream is to go on', async () => {
    const always = await cli.run(['load', '--url', server.url('/clean-end'), ...size(2), ...ACCEPTED])
    expect(always.code).toBe(99)
    expect(verdicts(always.record)).toMatchObject({ no_unexpected_end: 'fail' })
  })

  it('has a stream that is cut fail the run, also when nobody reconnects', async () => {
    const flags = [...size(3), ...ACCEPTED, '--reconnect', 'never']
    const result = await cli.run(['load', '--url', server.url('/cut'), ...flags])
    expect(result.code).toBe(99)
    expect(result.record?.ends).toEqual({ truncated: 3 })
    expect(verdicts(result.record)).toMatchObject({ no_unexpected_end: 'fail', all_recovered: 'fail' })
  })

  it('has a POST that is cut not repeated', async () => {
    const flags = [...size(3), ...ACCEPTED, '--method', 'POST', '--body', 'x=1']
    const result = await cli.run(['load', '--url', server.url('/cut?posted'), ...flags])
    expect(result.code).toBe(99)
    expect(server.seen.filter(({ url }) => url === '/cut?posted')).toHaveLength(3)
  })
})

describe('the open model', () => {
  const flags = ['--arrival-rate', '20/s', '--stream-duration', '1s', '--ramp', '0s', '--warm-up', '1s']

  it('starts streams when they are due and ends each after its time', async () => {
    const server = await referenceServer('--rate', '20')
    const result = await cli.run(['load', '--url', `${server.url}/events`, ...flags, '--duration', '4s'])
    expect(result).toMatchObject({ code: 0, answer: { status: 'pass' } })
    const { record } = result
    // 20 a second for the warm-up and what is measured.
    const opened = value(record, 'sse_connections_opened') ?? NaN
    expectNear(opened, 100, 0.05)
    const { lifetime = 0, stopped = 0 } = record?.ends ?? {}
    expect(lifetime + stopped).toBe(opened)
    // Those of the last life; some of them come to its end while the rest is drained.
    expect(stopped).toBeGreaterThan(0)
    expect(stopped).toBeLessThanOrEqual(21)
    expectNear(histogram(record, 'sse_stream_duration{reason=lifetime}').p50, SECOND, 0.1)
    // By Little's law as many as come in one life.
    expectNear(value(record, 'sse_open_streams'), 20, 0.25)
    expect(result.stderr).toMatch(/holds 2\d streams/)
    expect(value(record, 'sse_dropped_arrivals')).toBe(0)
    expectExactLedger(result)
  })

  it('is void when streams that were due could not start, and says what to do', async () => {
    const server = await referenceServer('--rate', '20')
    const result = await cli.run([
      'load',
      '--url',
      `${server.url}/events`,
      ...flags,
      '--duration',
      '3s',
      '--connections',
      '5',
    ])
    expect(result).toMatchObject({ code: 5, answer: { status: 'void' } })
    const dropped = value(result.record, 'sse_dropped_arrivals') ?? NaN
    const opened = value(result.record, 'sse_connections_opened') ?? NaN
    // Five at a time for a second each, of 20 a second for four seconds.
    expectNear(dropped + opened, 80, 0.1)
    expectNear(opened, 20, 0.3)
    const reason = result.record?.void.find(({ rule }) => rule === 'dropped_arrivals')
    expect(reason?.actual).toBe(`${dropped} of ${dropped + opened}`)
    expect(reason?.remedy).toContain('--connections')
    // What was not done is in no average: each stream that started was measured.
    expect(histogram(result.record, 'sse_first_event_duration').count).toBe(opened)
  })
})
