import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import net from 'node:net'

/** One request as it came over the wire; header values as bytes, one character a byte. */
export interface RawRequest {
  readonly number: number
  readonly line: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}
/** One misbehaviour: what a path does with its socket. */
export type Route = (socket: Socket, request: RawRequest) => void

export const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n'
export const CHUNKED_HEAD = `${STREAM_HEAD}transfer-encoding: chunked\r\n\r\n`
export const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
export const LAST_CHUNK = '0\r\n\r\n'

/** A TCP server that answers by path and shows every byte of what it was asked. `number` counts requests of a path. */
export class RawServer {
  readonly requests: RawRequest[] = []
  readonly sockets = new Set<Socket>()
  readonly #server: Server
  readonly #counts = new Map<string, number>()

  constructor(routes: Readonly<Record<string, Route>>, server: Server = net.createServer()) {
    this.#server = server
    const event = 'setSecureContext' in server ? 'secureConnection' : 'connection'
    server.on(event, (socket: Socket) => this.#serve(socket, routes))
  }

  async listen(host = '127.0.0.1'): Promise<this> {
    this.#server.listen(0, host)
    await once(this.#server, 'listening')
    return this
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(socket: Socket, routes: Readonly<Record<string, Route>>): void {
    this.sockets.add(socket)
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('error', () => {})
    let text = ''
    const read = (bytes: Buffer) => {
      text += bytes.toString('latin1')
      const request = this.#parse(text)
      if (request === null) return
      socket.off('data', read)
      this.requests.push(request)
      const route = routes[request.path.split('?')[0] ?? '']
      if (route === undefined) socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n')
      else route(socket, request)
    }
    socket.on('data', read)
  }

  #parse(text: string): RawRequest | null {
    const headEnd = text.indexOf('\r\n\r\n')
    if (headEnd < 0) return null
    const [line = '', ...fields] = text.slice(0, headEnd).split('\r\n')
    const headers: Record<string, string> = {}
    for (const field of fields) {
      const colon = field.indexOf(':')
      headers[field.slice(0, colon).toLowerCase()] = field.slice(colon + 2)
    }
    const body = text.slice(headEnd + 4)
    if (body.length < Number(headers['content-length'] ?? 0)) return null
    const path = line.split(' ')[1] ?? ''
    const number = (this.#counts.get(path) ?? 0) + 1
    this.#counts.set(path, number)
    return { number, line, path, headers, body }
  }
}
