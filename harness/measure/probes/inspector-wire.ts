import type { Socket } from 'node:net'
import { connect } from 'node:net'

import { Client, WebSocket } from 'undici'

import { MS_PER_SECOND } from '../../model/units.ts'
import { httpGet, isTimeout } from './http-get.ts'
import { codeOf, ProbeError } from './probe.ts'

const HOST = '127.0.0.1'
const LIST_LIMIT_BYTES = 1024 * 1024

/** The way to one inspector. Its sockets are made here: only who owns them can end them when the other side is silent. */
export interface Wire {
  /** `127.0.0.1:9229`. */
  readonly where: string
  readonly client: Client
  destroy(): Promise<void>
}

export function openWire(port: number): Wire {
  const sockets = new Set<Socket>()
  const where = `${HOST}:${port}`
  const client = new Client(`http://${where}`, {
    connect: (_options, callback) => {
      const socket = connect({ host: HOST, port })
      const failed = (error: Error) => callback(error, null)
      sockets.add(socket)
      socket.once('error', failed)
      socket.once('connect', () => {
        socket.off('error', failed)
        callback(null, socket)
      })
      // Between two owners it has no listener, and an error would end this process.
      socket.on('error', () => undefined)
      socket.once('close', () => sockets.delete(socket))
    },
  })
  const destroy = () => {
    for (const socket of sockets) socket.destroy()
    return client.destroy()
  }
  return { where, client, destroy }
}

/** A WebSocket to the process that the inspector serves; rejects with `ProbeError`. */
export async function openDebugger(wire: Wire, timeoutMs: number): Promise<WebSocket> {
  const path = await findTarget(wire, timeoutMs)
  const socket = new WebSocket(`ws://${wire.where}${path}`, { dispatcher: wire.client })
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(silent(wire.where, timeoutMs)), timeoutMs)
    socket.onopen = () => {
      clearTimeout(timer)
      resolve(socket)
    }
    socket.onclose = () => {
      clearTimeout(timer)
      reject(noInspector(wire.where))
    }
  })
}

async function findTarget({ client, where }: Wire, timeoutMs: number): Promise<string> {
  let path: string | null = null
  try {
    const { status, body } = await httpGet(client, '/json/list', {}, timeoutMs, LIST_LIMIT_BYTES)
    if (status === 200) path = targetPath(body.toString())
  } catch (error) {
    if (codeOf(error) === 'ECONNREFUSED')
      throw new ProbeError(
        `nothing listens on the inspector port ${where}; start the server with node --inspect=${where}, or give the port that it says "Debugger listening" on`,
      )
    throw isTimeout(error) ? silent(where, timeoutMs) : noInspector(where)
  }
  if (path === null) throw noInspector(where)
  return path
}

/** The path of the first Node process in the list, or null when it is no such list. */
function targetPath(text: string): string | null {
  try {
    const list = JSON.parse(text) as { type?: unknown; webSocketDebuggerUrl?: unknown }[]
    const url = list.find(({ type }) => type === 'node')?.webSocketDebuggerUrl
    // Of the address only the path is taken: the list cannot send us anywhere else.
    return typeof url === 'string' ? new URL(url).pathname : null
  } catch {
    return null
  }
}

export const silent = (where: string, timeoutMs: number): ProbeError =>
  new ProbeError(
    `the inspector at ${where} has not answered for ${timeoutMs / MS_PER_SECOND} s; look at whether the process is stopped or waits at a breakpoint`,
  )

export const noInspector = (where: string): ProbeError =>
  new ProbeError(
    `${where} answers, but not as the inspector of a Node process; give the port that the server says "Debugger listening" on`,
  )
