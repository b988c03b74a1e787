import { request, type RequestOptions } from 'node:http'

import { afterEach, describe, expect, it } from 'vitest'

import { Client, range, startServer, stopAll } from './support.ts'

afterEach(stopAll)

/** Like fetch, but with any Host header. */
function post(port: number, headers: Record<string, string>, body = '{"action":"pause"}'): Promise<number> {
  const options: RequestOptions = { port, host: '127.0.0.1', path: '/control', method: 'POST', headers }
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.on('error', reject).end(body)
  })
}

const json = { 'content-type': 'application/json' }

describe('who may control', () => {
  it('is this machine, by a name of this server, with JSON', async () => {
    const server = await startServer()
    const { port } = server
    expect(await post(port, { ...json, host: 'evil.example' })).toBe(403)
    expect(await post(port, { ...json, host: `evil.example:${port}` })).toBe(403)
    expect(await post(port, { ...json, host: `127.0.0.1:${port + 1}` })).toBe(403)
    expect(await post(port, { ...json, authorization: 'Bearer x', host: 'evil.example' })).toBe(403)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx']) {
      expect(await post(port, { 'content-type': type })).toBe(415)
    }
    expect(await server.stats()).toMatchObject({ faults: { paused: false } })
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      expect(await post(port, { ...json, host: `${host}:${port}` })).toBe(200)
    }
    expect(await server.stats()).toMatchObject({ faults: { paused: true } })
  })

  it('is who has the token', async () => {
    const { port } = await startServer(['--token', 'secret'])
    const host = 'proxy.example'
    expect(await post(port, { ...json, host, authorization: 'Bearer secret' })).toBe(200)
    expect(await post(port, { ...json, host, authorization: 'Bearer secre' })).toBe(403)
    expect(await post(port, { ...json, host, authorization: 'secret' })).toBe(403)
    expect(await post(port, { ...json, host })).toBe(403)
  })

  it('is told what is wrong', async () => {
    const server = await startServer()
    expect(await server.control({ action: 'explode' })).toMatchObject({ status: 400 })
    const { status, body } = await server.control({ action: 'delay', ms: -1, x: 1 })
    expect(status).toBe(400)
    expect(body['faults']).toHaveLength(2)
    expect(await post(server.port, json, 'x'.repeat(20_000))).toBe(413)
  })
})

describe('actions', () => {
  it('pause lets a reader drain to the head, and resume shifts the schedule by the pause', async () => {
    const server = await startServer(['--rate', '50'])
    const client = new Client(server.port, '/events')
    await client.untilEvents(5)
    const { body } = await server.control({ action: 'pause' })
    const [channel] = body['channels'] as { head: number; key: string }[]
    await client.until(() => client.sequences.at(-1) === channel?.head)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect((await server.stats()).channels[0]?.head).toBe(channel?.head)
    await server.control({ action: 'resume' })
    await client.untilEvents((channel?.head ?? 0) + 5)
    expect(client.sequences).toEqual(range(1, client.sequences.length))
    const dueAts = client.events.map(({ dueAt }) => dueAt)
    const steps = dueAts.slice(1).map((dueAt, index) => dueAt - (dueAts[index] ?? 0))
    expect(steps.filter((step) => step === 20_000)).toHaveLength(steps.length - 1)
    expect(Math.max(...steps)).toBeGreaterThan(300_000)
  })

  it('delay sends later than due', async () => {
    const server = await startServer(['--rate', '50'])
    await server.control({ action: 'delay', ms: 200 })
    const client = new Client(server.port, '/events')
    await client.untilEvents(5)
    for (const { dueAt, sentAt } of client.events) expect(sentAt - dueAt).toBeGreaterThanOrEqual(200_000)
  })

  it('fail refuses new streams, and no others', async () => {
    const server = await startServer(['--rate', '50'])
    const client = new Client(server.port, '/events')
    await client.untilEvents(1)
    await server.control({ action: 'fail', status: 429, retryAfter: 7 })
    const response = await fetch(`${server.url}/events`)
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7'])
    await client.untilEvents(client.sequences.length + 2)
    await server.control({ action: 'reset-faults' })
    const next = new Client(server.port, '/events')
    await next.untilEvents(1)
    expect((await server.stats()).rejected).toBe(1)
  })

  it('drop and end cut exactly the share, each in its way', async () => {
    const server = await startServer(['--rate', '50'])
    const clients = range(0, 10).map(() => new Client(server.port, '/events'))
    for (const client of clients) await client.untilEvents(1)
    const byId = (ids: unknown): Client[] =>
      clients.filter((client) => (ids as number[]).includes(Number(client.header('x-sse-harness-stream'))))
    const reset = await server.control({ action: 'drop', share: 0.3, mode: 'reset' })
    const fin = await server.control({ action: 'drop', share: 0.5, mode: 'fin' })
    const ended = await server.control({ action: 'end', share: 1 })
    expect([reset.body['dropped'], fin.body['dropped'], ended.body['ended']]).toEqual([3, 4, 3])
    for (const client of byId(reset.body['ids'])) expect(await client.untilEnd()).toBe('reset')
    for (const client of byId(fin.body['ids'])) {
      expect(await client.untilEnd()).toBe('fin')
      expect(client.body.isComplete).toBe(false)
    }
    for (const client of byId(ended.body['ids'])) await client.until(() => client.body.isComplete)
    const { ends, active } = await server.until((stats) => stats.active === 0)
    expect({ active, ...ends }).toMatchObject({ active: 0, 'control-drop': 7, 'control-end': 3, error: 0 })
  })
})
