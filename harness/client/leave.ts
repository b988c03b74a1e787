import type { Connection } from './connection.ts'

export type Leaving = (connection: Connection) => void

/** How a client may leave: FIN and wait for the server's, close at once, or RST. */
export const LEAVING = {
  fin: (connection) => connection.halfClose(),
  abort: (connection) => connection.destroy(),
  rst: (connection) => connection.reset(),
} as const satisfies Record<string, Leaving>
export type LeaveMode = keyof typeof LEAVING
