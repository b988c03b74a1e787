import { setTimeout as delay } from 'node:timers/promises'

import type { WebSocket } from 'undici'

import { MS_PER_SECOND } from '../../model/units.ts'
import type { Wire } from './inspector-wire.ts'
import { noInspector, openDebugger, openWire, silent } from './inspector-wire.ts'
import { ProbeError } from './probe.ts'

export type Fields = Readonly<Record<string, unknown>>
/** What a command came to: its result, or the other side's words for why not. */
export type Answer = { result: Fields } | { refused: string }

interface Waiting {
  resolve: (answer: Answer) => void
  reject: (error: ProbeError) => void
  timer: NodeJS.Timeout
}

/** A server that does not answer our closing frame keeps us this long at most. */
const CLOSE_LIMIT_MS = MS_PER_SECOND / 2

/** Commands to one Node process by the DevTools protocol, and the events that it sends in between. */
export class InspectorConnection {
  onEvent: (method: string, params: Fields) => void = () => undefined
  private readonly wire: Wire
  private readonly socket: WebSocket
  private readonly timeoutMs: number
  private readonly waiting = new Map<number, Waiting>()
  private lastId = 0
  private over: ProbeError | null = null

  private constructor(wire: Wire, socket: WebSocket, timeoutMs: number) {
    this.wire = wire
    this.socket = socket
    this.timeoutMs = timeoutMs
    socket.onmessage = ({ data }) => this.received(data)
    socket.onclose = () => this.lost(ended(wire.where))
  }

  /** Rejects with `ProbeError`; `timeoutMs` is how long the other side may be silent. */
  static async open(port: number, timeoutMs: number): Promise<InspectorConnection> {
    const wire = openWire(port)
    try {
      const connection = new InspectorConnection(wire, await openDebugger(wire, timeoutMs), timeoutMs)
      // Node does not exit before its debuggers have gone: we must hear of it, or the server would hang at its end.
      await connection.call('NodeRuntime.notifyWhenWaitingForDisconnect', { enabled: true })
      return connection
    } catch (error) {
      await wire.destroy()
      throw error
    }
  }

  get where(): string {
    return this.wire.where
  }

  /** Rejects with `ProbeError` when nothing at all has come for `silenceMs`, or the connection has ended. */
  call(method: string, params: Fields = {}, silenceMs: number = this.timeoutMs): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.over !== null) return reject(this.over)
      this.lastId += 1
      const id = this.lastId
      const timer = setTimeout(() => {
        this.waiting.delete(id)
        reject(silent(this.where, silenceMs))
      }, silenceMs)
      this.waiting.set(id, { resolve, reject, timer })
      this.socket.send(JSON.stringify({ id, method, params }))
    })
  }

  /** No command is answered any more; nothing of the connection is left when it resolves. */
  async close(): Promise<void> {
    const wasOpen = this.over === null
    const closed = new Promise<void>((resolve) => {
      this.socket.onclose = () => resolve()
    })
    this.fail(new ProbeError(`the connection to the inspector at ${this.where} was closed here; open a new one`))
    if (wasOpen) {
      this.socket.close()
      await Promise.race([closed, delay(CLOSE_LIMIT_MS, undefined, { ref: false })])
    }
    await this.wire.destroy()
  }

  private received(data: unknown): void {
    const message = parse(data)
    if (message === null) return this.lost(noInspector(this.where))
    // A snapshot takes long, but not in silence.
    for (const { timer } of this.waiting.values()) timer.refresh()
    const { id, method, params, result, error } = message
    if (typeof method === 'string') {
      if (method === 'NodeRuntime.waitingForDisconnect') this.lost(ended(this.where))
      else this.onEvent(method, params ?? {})
      return
    }
    const command = this.waiting.get(id ?? 0)
    if (command === undefined) return
    this.waiting.delete(id ?? 0)
    clearTimeout(command.timer)
    command.resolve(error === undefined ? { result: result ?? {} } : { refused: String(error.message) })
  }

  private lost(why: ProbeError): void {
    this.fail(why)
    void this.wire.destroy()
  }

  /** The first reason stays: what comes after it is its echo. */
  private fail(why: ProbeError): void {
    this.over ??= why
    for (const { timer, reject } of this.waiting.values()) {
      clearTimeout(timer)
      reject(this.over)
    }
    this.waiting.clear()
  }
}

interface Message {
  id?: number
  method?: string
  params?: Fields
  result?: Fields
  error?: { message?: unknown }
}

function parse(data: unknown): Message | null {
  try {
    const message = typeof data === 'string' ? (JSON.parse(data) as unknown) : null
    return typeof message === 'object' ? message : null
  } catch {
    return null
  }
}

const ended = (where: string): ProbeError =>
  new ProbeError(
    `the process behind the inspector at ${where} has ended or closed the connection; look at its log, and keep it running while it is probed`,
  )
