/** The other processes of the server bench: what reads, and the floor. Each ends when its stdin does. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

import { systemClock } from '../server/clock.ts'
import { eventEncoder, frameAscii } from '../server/encode.ts'

export const SIZE_BYTES = 128
const READ_BUFFER_BYTES = 65_536
const CONNECTS_AT_ONCE = 200
const BACKLOG = 8192
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'

const print = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`)

/** Opens streams and throws away what comes: one buffer for all sockets, no parsing. Says when all have their head. */
export async function drain(port: number, streams: number, target: string): Promise<void> {
  process.stdin.on('end', () => process.exit()).resume()
  const buffer = Buffer.allocUnsafe(READ_BUFFER_BYTES)
  const request = `GET ${target} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`
  const open = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const callback = (): boolean => {
        resolve()
        return true
      }
      const socket = connect({ port, host: '127.0.0.1', onread: { buffer, callback } })
      socket.on('error', reject).once('connect', () => socket.write(request))
    })
  for (let done = 0; done < streams; done += CONNECTS_AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(CONNECTS_AT_ONCE, streams - done) }, open))
  }
  print({ open: streams })
}

/** The least a server can do: the same bytes on the same schedule to every socket, and nothing else. */
export async function floor(rate: number): Promise<void> {
  const sockets = new Set<Socket>()
  const counts = { written: 0, writes: 0 }
  const server = createServer({ noDelay: true }, (socket) => {
    socket.write(HEAD)
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  await once(server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }), 'listening')
  const clock = systemClock()
  const encode = eventEncoder(SIZE_BYTES)
  const startUs = clock.nowUs()
  let seq = 1
  const dueUs = (): number => startUs + Math.floor((seq * 1e6) / rate)
  const tick = (): void => {
    const nowUs = clock.nowUs()
    const events: Buffer[] = []
    for (; dueUs() <= nowUs; seq++) events.push(frameAscii(encode(seq, dueUs(), nowUs)))
    const joined = events.length === 1 ? (events[0] as Buffer) : Buffer.concat(events)
    if (events.length > 0) for (const socket of sockets) socket.write(joined)
    counts.written += events.length * sockets.size
    counts.writes += events.length > 0 ? sockets.size : 0
    clock.after(Math.max(1, Math.ceil((dueUs() - clock.nowUs()) / 1000)), tick)
  }
  tick()
  print({ port: (server.address() as AddressInfo).port })
  // Each line of stdin asks for the figures.
  const figures = (): void => {
    const { user, system } = process.cpuUsage()
    print({ ...counts, userUs: user, systemUs: system })
  }
  createInterface({ input: process.stdin })
    .on('line', figures)
    .on('close', () => process.exit())
}
