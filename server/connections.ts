import type { EventEmitter } from 'node:events'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Counting the listeners of more connections than this takes long enough to be seen in the latency of the streams. */
const CHEAP_TO_COUNT = 1000

function listenersOf(emitter: EventEmitter): number {
  let count = 0
  for (const name of emitter.eventNames()) count += emitter.listenerCount(name)
  return count
}

/**
 * The connections of a server. Those whose latest request only looked (/stats, /health, /control) are monitors and
 * counted apart: otherwise reading the figures would change them, and nothing would ever be back at its baseline.
 */
export class Connections {
  readonly #server: Server
  readonly #isMonitor = new Map<Socket, boolean>()

  constructor(server: Server) {
    this.#server = server
    const { forget } = this
    server.on('connection', (socket) => {
      this.#isMonitor.set(socket, false)
      socket.on('close', forget)
    })
  }

  get monitors(): number {
    let count = 0
    for (const isMonitor of this.#isMonitor.values()) if (isMonitor) count++
    return count
  }

  /** Connections that are no monitors. */
  get sockets(): number {
    return this.#isMonitor.size - this.monitors
  }

  mark(socket: Socket, isMonitor: boolean): void {
    if (this.#isMonitor.has(socket)) this.#isMonitor.set(socket, isMonitor)
  }

  /** Listeners on the server and on its connections but the monitors; null when that is too many to count in passing. */
  listeners(isForced: boolean): number | null {
    if (!isForced && this.#isMonitor.size > CHEAP_TO_COUNT) return null
    let count = listenersOf(this.#server)
    for (const [socket, isMonitor] of this.#isMonitor) if (!isMonitor) count += listenersOf(socket)
    return count
  }

  // One function for all sockets, with the socket as `this`: a closure for each would be memory per stream.
  readonly forget = ((connections: Map<Socket, boolean>) =>
    function (this: Socket) {
      connections.delete(this)
    })(this.#isMonitor)
}
