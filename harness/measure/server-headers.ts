export type Headers = Readonly<Record<string, string | string[] | undefined>>

/** What the reference server says of a connection in its response headers; numbers are -1 when they are not there. */
export interface Told {
  serverStream: number
  channel: string | null
  /** Sequence of the first live event this connection will be offered; lower ones are replayed. */
  liveFrom: number
  /** The sequence after which we asked to resume, or -1. */
  resumedFrom: number
}

/** Null when the server is not the reference server: others' headers of that name mean nothing to us. */
export function toldBy(headers: Headers, resumedFrom: string): Told | null {
  if (headers['x-sse-harness'] !== '1') return null
  const channel = headers['x-sse-harness-channel']
  return {
    serverStream: integerOf(headers['x-sse-harness-stream']),
    channel: typeof channel === 'string' ? channel : null,
    liveFrom: integerOf(headers['x-sse-harness-next']),
    resumedFrom: integerOf(resumedFrom),
  }
}

function integerOf(value: string | string[] | undefined): number {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : -1
}
