import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { requirement } from '../support/require.ts'
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
