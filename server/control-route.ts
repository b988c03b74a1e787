import type { IncomingMessage, ServerResponse } from 'node:http'

import { answer, refuse } from './answer.ts'
import { parseControl } from './control.ts'
import type { ControlPanel } from './control-panel.ts'

const MAX_BODY_BYTES = 16 * 1024

/** The body as text; null when it is too long. */
async function readBody(req: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of req as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > MAX_BODY_BYTES) return null
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

/** `refusal` is the sentence why this caller may not, or null. */
export async function control(
  req: IncomingMessage,
  res: ServerResponse,
  refusal: string | null,
  panel: ControlPanel,
): Promise<void> {
  const close = { connection: 'close' }
  if (refusal !== null) return refuse(res, 403, refusal, undefined, close)
  // A form or a script of another site can post text, but not this type without asking first, which nobody answers.
  if (!/^application\/json\s*(?:;|$)/i.test(req.headers['content-type'] ?? '')) {
    return refuse(res, 415, '/control takes JSON only; send content-type: application/json.', undefined, close)
  }
  const body = await readBody(req).catch(() => undefined)
  // The caller went away while it was sending: there is nobody to answer.
  if (body === undefined) return
  if (body === null)
    return refuse(res, 413, `The body is over ${MAX_BODY_BYTES} bytes; send one action.`, undefined, close)
  const request = parseControl(body)
  if ('faults' in request) {
    return refuse(res, 400, 'The action is not valid; put right what is listed.', request.faults)
  }
  answer(res, 200, panel.apply(request))
}
