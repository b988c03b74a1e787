import { once } from 'node:events'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** One request as the server saw it. */
export interface SeenRequest {
  method: string
  /** With its query. */
  url: string
  headers: IncomingMessage['headers']
  body: string
  query: URLSearchParams
  /** How many requests there were of this URL before. */
  before: number
}

/** One misbehaviour: what a path answers. */
export type Answer = (response: ServerResponse, request: SeenRequest) => void

/** A server of our own with one path per misbehaviour, and a list of everything that it was asked. */
export class SseServer {
  readonly seen: SeenRequest[] = []
  private readonly server: Server

  constructor(paths: Readonly<Record<string, Answer>>, tls: { key: string; cert: string } | null = null) {
    const listener: RequestListener = (request, response) => void this.answer(paths, request, response)
    this.server = tls === null ? createServer(listener) : createTlsServer(tls, listener)
  }

  async listen(): Promise<this> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    return this
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  private async answer(
    paths: Readonly<Record<string, Answer>>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { method = '', url = '', headers } = request
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { pathname, searchParams: query } = new URL(url, 'http://server')
    const before = this.seen.filter((earlier) => earlier.url === url).length
    const seen = { method, url, headers, body: Buffer.concat(chunks).toString(), query, before }
    this.seen.push(seen)
    const path = paths[pathname]
    if (path === undefined) response.writeHead(404).end()
    else path(response, seen)
  }
}

export function beginStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.flushHeaders()
}

export const event = (id: number, data = `event ${id}`): string => `id: ${id}\ndata: ${data}\n\n`

/** Numbered events at an even pace from the first one after `lastId`, until the client leaves or `count` is reached. */
export function tick(
  response: ServerResponse,
  options: { everyMs: number; count?: number; lastId?: number; onLast?: () => void },
): void {
  const { everyMs, count = Infinity, lastId = 0, onLast } = options
  let sent = 0
  const timer = setInterval(() => {
    sent += 1
    response.write(event(lastId + sent))
    if (sent < count) return
    clearInterval(timer)
    onLast?.()
  }, everyMs)
  response.on('close', () => clearInterval(timer))
}
