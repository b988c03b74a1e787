import { readdirSync } from 'node:fs'

import { afterEach, expect, it } from 'vitest'

import { Client, range, startServer, stopAll, type Stats } from './support.ts'

afterEach(stopAll)

/** What must be exactly as before once the clients are gone. */
function resources({ fds, handles, timers, listeners, sockets, registry, channels }: Stats): object {
  return { fds, handles, timers, listeners, sockets, registry, channels: channels.length }
}

it('reads the same twice, whoever reads, and is back at its baseline after the clients', async () => {
  const server = await startServer(['--rate', '50', '--linger', '50ms'], ['--expose-gc'])
  const baseline = resources(await server.stats('?gc=1'))
  expect(resources(await server.stats('?gc=1'))).toEqual(baseline)
  const monitor = new Client(server.port, '/stats')
  await monitor.until(() => monitor.text.includes('monitorSockets'))
  const health = new Client(server.port, '/health')
  await health.until(() => health.text.includes('ok'))
  const watched = await server.stats('?gc=1')
  expect(resources(watched)).toEqual(baseline)
  expect(watched.gc).toBe(true)
  expect(watched.monitorSockets).toBeGreaterThanOrEqual(3)

  for (let cycle = 0; cycle < 3; cycle++) {
    const clients = range(0, 20).map(() => new Client(server.port, '/events'))
    for (const client of clients) await client.untilEvents(1)
    const loaded = await server.stats('?gc=1')
    expect(loaded).toMatchObject({ active: 20, registry: 20, sockets: 20 })
    expect(loaded.handles['TCPSocketWrap']).toBe(20)
    for (const client of clients) client.socket.destroy()
    const after = await server.until((stats) => stats.active === 0 && stats.channels.length === 0, '?gc=1')
    expect(resources(after)).toEqual(baseline)
  }
})

it('counts descriptors as the kernel does', async () => {
  const server = await startServer()
  const clients = range(0, 3).map(() => new Client(server.port, '/events?rate=50'))
  for (const client of clients) await client.untilEvents(1)
  const { fds, monitorSockets } = await server.stats()
  expect(fds).toBe(readdirSync(`/proc/${server.child.pid}/fd`).length - monitorSockets)
})

it('accounts for every event of every stream, open or ended', async () => {
  const server = await startServer(['--rate', '100', '--ended-kept', '2'])
  const gone = range(0, 4).map((count) => new Client(server.port, `/events?count=${count + 1}`))
  for (const client of gone) await client.until(() => client.body.isComplete)
  const staying = new Client(server.port, '/events', 'last-event-id: 1\r\n')
  await staying.untilEvents(10)
  await server.control({ action: 'pause' })
  const stats = await server.stats('?streams=1')
  const rows = stats.streams ?? []
  expect(stats).toMatchObject({ endedForgotten: 2, gc: false })
  expect(rows.map(({ state }) => state)).toEqual(['ended', 'ended', 'open'])
  for (const { offered, written, dropped, queued } of rows) expect(offered).toBe(written + dropped + queued)
  expect(rows.at(-1)).toMatchObject({ first: 2, lastEventId: 1, reason: null, last: stats.channels[0]?.head })
  expect(stats.offered).toBe(stats.written + stats.droppedByPolicy + stats.queuedEvents + stats.abandonedEvents)
  const newest = await server.stats(`?streams=1&since=${rows.at(-1)?.id}`)
  expect(newest.streams).toEqual([])
})

it('leaves nothing behind on a connection that serves one stream after another', async () => {
  const server = await startServer(['--rate', '100'])
  const client = new Client(server.port, '/events?count=1')
  const listeners: unknown[] = []
  for (let stream = 1; stream <= 5; stream++) {
    await client.until(() => client.text.split('0\r\n\r\n').length > stream)
    const stats = await server.until(({ ends }) => ends['count-reached'] === stream)
    expect(stats.sockets).toBe(1)
    listeners.push(stats.listeners)
    client.socket.write('GET /events?count=1 HTTP/1.1\r\nhost: x\r\n\r\n')
  }
  expect(new Set(listeners).size).toBe(1)
})
