import type { Joined } from './connection-ledger.ts'

export type Headers = Readonly<Record<string, string | string[] | undefined>>

/** What the reference server says of a connection in its response headers; numbers are -1 when they are not there. */
export interface Told extends Joined {
  channel: string | null
}

/** A server that says nothing of itself. */
export const UNTOLD: Joined = { serverStream: -1, instance: '', liveFrom: -1, resumedFrom: -1 }

/** Null when the server is not the reference server: others' headers of that name mean nothing to us. */
export function toldBy(headers: Headers, resumedFrom: string): Told | null {
  if (headers['x-sse-harness'] !== '1') return null
  const channel = headers['x-sse-harness-channel']
  const instance = headers['x-sse-harness-instance']
  return {
    serverStream: integerOf(headers['x-sse-harness-stream']),
    instance: typeof instance === 'string' ? instance : '',
    channel: typeof channel === 'string' ? channel : null,
    liveFrom: integerOf(headers['x-sse-harness-next']),
    resumedFrom: integerOf(resumedFrom),
  }
}

function integerOf(value: string | string[] | undefined): number {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : -1
}
