import type { ServerResponse } from 'node:http'

type Headers = Readonly<Record<string, string | number>>

/** A whole JSON answer. */
export function answer(res: ServerResponse, status: number, body: unknown, headers: Headers = {}): void {
  const bytes = Buffer.from(JSON.stringify(body) + '\n')
  res.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
    'cache-control': 'no-store',
    ...headers,
  })
  res.end(bytes)
}

/** A refusal: a sentence, and a list when there is more than one thing to put right. */
export function refuse(res: ServerResponse, status: number, error: string, faults?: string[], headers?: Headers): void {
  answer(res, status, faults === undefined ? { error } : { error, faults }, headers)
}
