import { once } from 'node:events'

import { afterEach, describe, expect, it } from 'vitest'

import { Client, range, startServer, stopAll } from './support.ts'

afterEach(stopAll)

describe('GET /events', () => {
  it('tells who serves what, at once, and counts from one', async () => {
    const server = await startServer(['--rate', '0.01', '--retry', '250ms'])
    const client = new Client(server.port, '/events?channel=a&size=80')
    await client.until(() => client.body.text.includes('retry: 250\n\n'))
    expect(client.head).toContain('HTTP/1.1 200')
    expect(client.header('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(client.header('cache-control')).toContain('no-store')
    expect(client.header('x-accel-buffering')).toBe('no')
    expect(client.header('x-sse-harness')).toBe('1')
    expect(client.header('x-sse-harness-instance')).toBe(server.instance)
    expect(client.header('x-sse-harness-channel')).toBe('a/0.01/80')
    expect(client.header('x-sse-harness-next')).toBe('1')
    const other = new Client(server.port, '/events?channel=a&size=80')
    await other.until(() => other.body.text !== '')
    expect(other.header('x-sse-harness-stream')).not.toBe(client.header('x-sse-harness-stream'))
  })

  it('ends cleanly after `count` events, and the connection serves the next request', async () => {
    const server = await startServer(['--rate', '100'])
    const client = new Client(server.port, '/events?count=3&size=100')
    await client.until(() => client.body.isComplete)
    expect(client.sequences).toEqual([1, 2, 3])
    for (const { dueAt, sentAt } of client.events) expect(sentAt).toBeGreaterThanOrEqual(dueAt)
    client.socket.write(`GET /health HTTP/1.1\r\nhost: x\r\n\r\n`)
    await client.until(() => client.text.includes('"status":"ok"'))
    expect((await server.stats()).ends['count-reached']).toBe(1)
  })

  it('gives HTTP/1.0 an unframed body that ends with the connection', async () => {
    const server = await startServer(['--rate', '100'])
    const client = new Client(server.port, '/events?count=3&retry=7', '', '1.0')
    expect(await client.untilEnd()).toBe('fin')
    expect(client.head).not.toContain('chunked')
    expect(client.body.text).toMatch(/^retry: 7\n\nid: 1\ndata: \{/)
    expect(client.sequences).toEqual([1, 2, 3])
  })

  it('answers a stream that was asked for behind another request on the same connection', async () => {
    const server = await startServer(['--rate', '100'])
    const client = new Client(server.port, '/health', `\r\nGET /events?count=2 HTTP/1.1\r\nhost: x\r\n`)
    await client.until(() => client.text.includes('"seq":2'))
    expect(client.text.indexOf('"status":"ok"')).toBeLessThan(client.text.indexOf('text/event-stream'))
  })

  it('resumes over a reconnect with no gap and no duplicate, by header or parameter', async () => {
    const server = await startServer(['--rate', '200'])
    const first = new Client(server.port, '/events')
    await first.untilEvents(20)
    first.socket.destroy()
    const last = first.sequences.at(-1) as number
    await server.until((stats) => stats.active === 0 && (stats.channels[0]?.head ?? 0) > last + 20)
    const second = new Client(server.port, '/events', `last-event-id: ${last}\r\n`)
    const third = new Client(server.port, `/events?lastEventId=${last}`)
    for (const client of [second, third]) {
      await client.untilEvents(60)
      expect(client.sequences).toEqual(range(last + 1, client.sequences.length))
      expect(Number(client.header('x-sse-harness-next'))).toBeGreaterThan(last + 20)
    }
  })

  it('tells a gap, and ignores an id that is none of its own', async () => {
    const server = await startServer(['--rate', '200', '--replay', '5'])
    const first = new Client(server.port, '/events')
    await first.untilEvents(20)
    const gapped = new Client(server.port, '/events', 'last-event-id: 1\r\n')
    const bad = new Client(server.port, '/events', 'last-event-id: not-ours\r\n')
    await gapped.untilEvents(10)
    await bad.untilEvents(1)
    const { from, oldest } = JSON.parse(/event: gap\ndata: (.*)\n/.exec(gapped.body.text)?.[1] as string)
    expect(from).toBe(2)
    expect(gapped.sequences).toEqual(range(oldest, gapped.sequences.length))
    expect(Number(gapped.header('x-sse-harness-next'))).toBe(oldest + 5)
    expect(bad.sequences[0]).toBe(Number(bad.header('x-sse-harness-next')))
    expect(await server.stats()).toMatchObject({ gaps: 1, badLastEventId: 1 })
  })

  it('gives rate 0 a sequence per stream, as fast as it is read', async () => {
    const server = await startServer()
    const clients = [1, 2].map(() => new Client(server.port, '/events?rate=0&count=5000'))
    for (const client of clients) {
      await client.until(() => client.text.endsWith('0\r\n\r\n') && client.body.isComplete)
      expect(client.sequences).toEqual(range(1, 5000))
    }
    const resumed = new Client(server.port, '/events?rate=0&count=3', 'last-event-id: 7\r\n')
    await resumed.until(() => resumed.body.isComplete)
    expect(resumed.sequences).toEqual([8, 9, 10])
  })

  it('says something when there is nothing to say', async () => {
    const server = await startServer(['--heartbeat', '20ms'])
    const client = new Client(server.port, '/events?rate=0.01')
    await client.until(() => client.body.text.split(': heartbeat\n\n').length > 3)
    expect((await server.stats()).heartbeats).toBeGreaterThanOrEqual(3)
  })

  it('sends after a stop of the process everything that came due, in few writes, with true stamps', async () => {
    const server = await startServer(['--rate', '100'])
    const client = new Client(server.port, '/events')
    await client.untilEvents(5)
    server.child.kill('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 1000))
    server.child.kill('SIGCONT')
    const before = client.sequences.length
    await client.untilEvents(before + 100)
    const { events } = client
    expect(client.sequences).toEqual(range(1, events.length))
    expect(events.map(({ dueAt }) => dueAt)).toEqual(events.map((_, index) => (events[0]?.dueAt ?? 0) + index * 10_000))
    const together = events.map(({ sentAt }) => events.filter((other) => other.sentAt === sentAt).length)
    expect(Math.max(...together)).toBeGreaterThan(50)
  })

  it('knows how its clients went', async () => {
    const server = await startServer(['--rate', '50'])
    const [closing, resetting] = [1, 2].map(() => new Client(server.port, '/events')) as [Client, Client]
    await Promise.all([closing.untilEvents(1), resetting.untilEvents(1)])
    closing.socket.end()
    await server.until((stats) => stats.ends['client-closed'] === 1)
    resetting.socket.resetAndDestroy()
    const stats = await server.until((now) => now.active === 0)
    expect(stats.ends).toMatchObject({ 'client-closed': 1, 'client-reset': 1, error: 0 })
  })
})

it('sees the end of a client that sent a body', async () => {
  const server = await startServer(['--rate', '0.01'])
  const client = new Client(server.port, '/events', 'content-length: 1000000\r\n')
  client.socket.write(Buffer.alloc(1_000_000))
  await client.until(() => client.body.text.includes('retry:'))
  await server.until((stats) => stats.active === 1)
  client.socket.end()
  const { ends } = await server.until((stats) => stats.active === 0)
  expect(ends['client-closed']).toBe(1)
})

describe('bad input', () => {
  const faults = async (
    url: string,
    init?: RequestInit,
  ): Promise<[number, { error: string; faults?: string[] }, Headers]> => {
    const response = await fetch(url, init ?? {})
    return [response.status, (await response.json()) as { error: string }, response.headers]
  }

  it('is answered with sentences', async () => {
    const { url } = await startServer()
    const [status, body] = await faults(`${url}/events?rate=x&size=9MiB&nope=1`)
    expect(status).toBe(400)
    expect(body.faults).toHaveLength(3)
    expect((await faults(`${url}/stats?streams=yes`))[0]).toBe(400)
    const [notFound, { error }] = await faults(`${url}/event`)
    expect(notFound).toBe(404)
    expect(error).toContain('/events')
    const [notAllowed, , headers] = await faults(`${url}/events`, { method: 'POST' })
    expect(notAllowed).toBe(405)
    expect(headers.get('allow')).toBe('GET')
    expect((await faults(`${url}/control`))[0]).toBe(405)
  })

  it.each([['GET //evil?x HTTP/1.1\r\nhost: x\r\n\r\n'], ['GET http://[ HTTP/1.1\r\nhost: x\r\n\r\n'], ['\0\r\n\r\n']])(
    'does not end the server: %j',
    async (bytes) => {
      const server = await startServer()
      const client = new Client(server.port, '/health')
      await client.until(() => client.text.includes('ok'))
      client.socket.write(bytes)
      await client.until(() => /HTTP\/1.1 4\d\d/.test(client.text))
      expect((await server.stats()).active).toBe(0)
    },
  )

  it('refuses more streams than it was allowed', async () => {
    const server = await startServer(['--max-streams', '1'])
    const client = new Client(server.port, '/events?rate=100')
    await client.untilEvents(1)
    const response = await fetch(`${server.url}/events`)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
    client.socket.destroy()
    await once(client.socket, 'close')
    expect((await server.until((stats) => stats.active === 0)).rejected).toBe(1)
  })
})
