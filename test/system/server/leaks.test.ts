import { once } from 'node:events'
import { createInterface } from 'node:readline'

import { afterEach, describe, expect, it } from 'vitest'

import { Client, range, run, startServer, stopAll, type Server, type Stats } from './support.ts'

afterEach(stopAll)

/** What must be exactly as before once the clients are gone, unless it is what leaks. */
function counted({ registry, sockets, fds, timers, listeners, handles, channels }: Stats) {
  const { Timeout = 0, TCPSocketWrap = 0 } = handles
  return { registry, sockets, fds, timers, listeners, Timeout, TCPSocketWrap, channels: channels.length }
}
type Counted = Record<keyof ReturnType<typeof counted>, number>

/** What each connection leaves behind by count. The listeners of a socket that stays are as many as Node puts there. */
const LEFT: Record<string, Partial<Counted>> = {
  none: {},
  listener: { listeners: 1 },
  timer: { Timeout: 1 },
  'unref-interval': {},
  closure: {},
  queue: {},
  socket: { sockets: 1, fds: 1, TCPSocketWrap: 1, listeners: NaN },
  'req-close': { registry: 1 },
}
const LEAKS = Object.keys(LEFT).filter((name) => name !== 'none')

/** Nothing but what a test does is to happen to its streams. */
const QUIET = ['--heartbeat', '0s', '--send-timeout', '1h', '--grace', '300ms']

async function startLeaking(leak: string, args: string[] = [], nodeArgs: string[] = []): Promise<Server> {
  const asked = leak === 'none' ? [] : ['--leak', leak]
  return startServer([...QUIET, ...asked, ...args], ['--expose-gc', ...nodeArgs])
}

const untilOpen = (client: Client): Promise<void> => client.until(() => client.body.text.includes('retry:'))

/** Streams on a channel that lives on by one that stays; it is paused, so that no event meets a closed socket. */
async function keepOpen(server: Server): Promise<void> {
  await untilOpen(new Client(server.port, '/events'))
  await server.control({ action: 'pause' })
}

async function openStreams(server: Server, count: number): Promise<Client[]> {
  const clients = range(0, count).map(() => new Client(server.port, '/events'))
  for (const client of clients) await untilOpen(client)
  return clients
}

/** The counts once they have settled, each as its growth since `baseline`. */
async function growth(server: Server, baseline: Stats): Promise<Partial<Counted>> {
  const before: Record<string, number | null> = counted(baseline)
  const after = counted(await server.stats('?gc=1'))
  const grown = Object.entries(after).map(([name, value]) => [name, Number(value) - Number(before[name])] as const)
  return Object.fromEntries(grown.filter(([, by]) => by !== 0))
}

function expected(leak: string, connections: number): object {
  const left = Object.entries(LEFT[leak] ?? {})
  return Object.fromEntries(
    left.map(([name, each]) => [name, Number.isNaN(each) ? expect.any(Number) : each * connections]),
  )
}

const SETTLE = { timeout: 20_000, interval: 20 }

describe('by count', () => {
  it.each(Object.keys(LEFT))('%s leaves exactly what it must with every connection', async (leak) => {
    const server = await startLeaking(leak)
    await keepOpen(server)
    const baseline = await server.stats('?gc=1')
    for (let cycle = 1; cycle <= 3; cycle++) {
      for (const client of await openStreams(server, 20)) client.socket.end()
      await expect.poll(() => growth(server, baseline), SETTLE).toEqual(expected(leak, cycle * 20))
      // It was no passing state.
      expect(await growth(server, baseline)).toEqual(expected(leak, cycle * 20))
    }
  })

  it('socket: a reset is the end of the connection all the same', async () => {
    const server = await startLeaking('socket')
    await keepOpen(server)
    const baseline = await server.stats('?gc=1')
    for (const client of await openStreams(server, 20)) client.socket.resetAndDestroy()
    await expect.poll(() => growth(server, baseline), SETTLE).toEqual({})
  })

  it('socket: a connection whose stream had ended cleanly may go', async () => {
    const server = await startLeaking('socket')
    const client = new Client(server.port, '/events?count=1')
    await client.until(() => client.body.isComplete)
    client.socket.end()
    await client.untilEnd()
    expect((await server.until(({ sockets }) => sockets === 0)).registry).toBe(0)
  })

  it('req-close: the stream of a client that is gone goes on being offered events', async () => {
    const server = await startLeaking('req-close', ['--rate', '100'])
    const client = new Client(server.port, '/events')
    await client.untilEvents(1)
    client.socket.destroy()
    const gone = await server.until(({ sockets }) => sockets === 0)
    const later = await server.until(({ offered }) => offered > gone.offered + 20)
    expect(later).toMatchObject({ registry: 1, ends: { 'client-closed': 0, 'client-reset': 0 } })
  })
})

describe('by memory', () => {
  const STREAMS = 200
  const CYCLES = 7
  /** Between what a server without a leak grows by while its caches fill, and the smallest leak. */
  const BOUND_BYTES = 450
  /** What V8 compiles and learns grows for thousands of streams; without that, the heap is the server's own. */
  const DATA_ONLY = ['--no-opt', '--no-lazy-feedback-allocation']

  /** Bytes of the heap that each connection leaves behind: the median of the cycles after a first one. */
  async function heapPerConnection(leak: string): Promise<number> {
    const server = await startLeaking(leak, [], DATA_ONLY)
    await keepOpen(server)
    const heap: number[] = []
    for (let cycle = 0; cycle <= CYCLES; cycle++) {
      for (const client of await openStreams(server, STREAMS)) client.socket.end()
      const isEnded = ({ ends }: Stats): boolean => ends['client-closed'] === (cycle + 1) * STREAMS
      const isGone = ({ sockets }: Stats): boolean => sockets === 1
      await server.until(leak === 'req-close' ? isGone : isEnded)
      heap.push((await server.stats('?gc=1')).memory['heapUsed'] ?? NaN)
    }
    const growths = heap.slice(1).map((bytes, cycle) => (bytes - (heap[cycle] ?? NaN)) / STREAMS)
    return growths.toSorted((a, b) => a - b)[(CYCLES - 1) / 2] ?? NaN
  }

  it('a server without a leak keeps nothing', async () => {
    expect(await heapPerConnection('none')).toBeLessThan(BOUND_BYTES)
  })

  it('queue keeps nothing of readers that took everything', async () => {
    expect(await heapPerConnection('queue')).toBeLessThan(BOUND_BYTES)
  })

  it.each(LEAKS.filter((leak) => leak !== 'queue'))('%s keeps more of each connection', async (leak) => {
    expect(await heapPerConnection(leak)).toBeGreaterThan(BOUND_BYTES)
  })
})

describe('queue', () => {
  const STREAMS = 3
  const BOUND = 10
  const EVENT_BYTES = 64 * 1024
  const ARGS = ['--queue-events', String(BOUND), '--linger', '50ms', '--replay', '0']

  /** Readers that stop, and leave when many more events wait for them than may; then what is left of these. */
  async function leaveBlocked(server: Server): Promise<{ queued: number; dropped: number; left: number }> {
    await server.stats('?gc=1')
    const before = (await server.stats('?gc=1')).memory['arrayBuffers'] ?? NaN
    const target = `/events?rate=100&size=${EVENT_BYTES}`
    const clients = range(0, STREAMS).map(() => new Client(server.port, target))
    for (const client of clients) {
      await untilOpen(client)
      client.socket.pause()
    }
    const isFull = (stats: Stats): boolean => stats.queuedEvents + stats.droppedByPolicy >= 5 * BOUND * STREAMS
    const { queuedEvents, droppedByPolicy } = await server.until((stats) => stats.blocked === STREAMS && isFull(stats))
    for (const client of clients) client.socket.destroy()
    const after = await server.until(({ active, channels }) => active === 0 && channels.length === 0, '?gc=1')
    return { queued: queuedEvents, dropped: droppedByPolicy, left: (after.memory['arrayBuffers'] ?? NaN) - before }
  }

  it('takes what a reader leaves unread without a bound, and keeps it', async () => {
    const { queued, dropped, left } = await leaveBlocked(await startLeaking('queue', ARGS))
    expect(dropped).toBe(0)
    expect(queued).toBeGreaterThanOrEqual(5 * BOUND * STREAMS)
    // The readers of a channel share its events.
    expect(left).toBeGreaterThan(2 * BOUND * EVENT_BYTES)
  })

  it('is bounded, and gone with its reader, where nothing leaks', async () => {
    const { queued, left } = await leaveBlocked(await startLeaking('none', ARGS))
    expect(queued).toBeGreaterThan(0)
    expect(queued).toBeLessThanOrEqual(BOUND * STREAMS)
    expect(left).toBeLessThan(BOUND * EVENT_BYTES)
  })
})

describe('ending', () => {
  it.each(LEAKS)('%s does not keep the server from ending', async (leak) => {
    const server = await startLeaking(leak, ['--exit-books'])
    await keepOpen(server)
    const clients = await openStreams(server, 5)
    for (const client of clients) client.socket.end()
    await server.until(({ sockets, ends }) => sockets === 1 || ends['client-closed'] === 5)
    const lines = createInterface({ input: server.child.stdout as NodeJS.ReadableStream })
    const line = once(lines, 'line')
    server.child.kill('SIGTERM')
    // Streams that stay in the registry never drain: the deadline ends them.
    const isDrained = leak !== 'req-close'
    expect(await server.exit).toBe(isDrained ? 0 : 1)
    const [text] = (await line) as [string]
    expect(JSON.parse(text)).toMatchObject({ event: 'stopped', drained: isDrained })
  })
})

describe('the option', () => {
  async function refusal(...args: string[]): Promise<string> {
    const child = run(args)
    let stderr = ''
    child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()))
    expect(await once(child, 'close')).toEqual([2, null])
    return stderr
  }

  it('names every leak where it is given none of them', async () => {
    expect(await refusal('--leak', 'hope')).toBe(`error: --leak: 'hope' is no leak; use one of ${LEAKS.join(', ')}\n`)
    expect(await refusal('--leak', 'none')).toContain('is no leak')
    expect(await refusal('--leak', 'constructor')).toContain('is no leak')
  })

  it('is the only way to a leak, and says so to people', async () => {
    const leaking = await startLeaking('timer')
    await expect.poll(leaking.stderr).toContain('--leak timer')
    const server = await startLeaking('none')
    expect(server.stderr()).toBe('')
    expect((await fetch(`${server.url}/events?leak=timer`)).status).toBe(400)
    expect((await server.control({ action: 'leak', name: 'timer' })).status).toBe(400)
  })
})
