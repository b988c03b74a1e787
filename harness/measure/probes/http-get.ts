import type { Client } from 'undici'

interface Got {
  status: number
  body: Buffer
}

/** Thrown when there is more of a body than anybody wants. */
export class TooLongError extends Error {}

/** One GET with one deadline for all of it, the body included. */
export async function httpGet(
  client: Client,
  path: string,
  headers: Readonly<Record<string, string>>,
  timeoutMs: number,
  limitBytes: number,
): Promise<Got> {
  const signal = AbortSignal.timeout(timeoutMs)
  const { statusCode, body } = await client.request({ method: 'GET', path, headers, signal })
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > limitBytes) throw new TooLongError()
    chunks.push(chunk)
  }
  return { status: statusCode, body: Buffer.concat(chunks) }
}

/** Whether it was the deadline. */
export const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError'
