import type { EventBytes } from '../../harness/measure/extract.ts'

/** An event as the parser would show it. */
export function eventBytes(data: string, id: string | null = null, type = ''): EventBytes {
  const buffer = Buffer.from(`${data}${id ?? ''}${type}`)
  const dataEnd = Buffer.byteLength(data)
  const idEnd = dataEnd + Buffer.byteLength(id ?? '')
  return {
    buffer,
    dataStart: 0,
    dataEnd,
    idStart: id === null ? -1 : dataEnd,
    idEnd: id === null ? -1 : idEnd,
    typeStart: idEnd,
    typeEnd: buffer.length,
  }
}

/** An event of the reference server. */
export function referenceEvent(sequence: number, dueAt: number, sentAt = dueAt): EventBytes {
  return eventBytes(`{"seq":${sequence},"dueAt":${dueAt},"sentAt":${sentAt},"pad":"x"}`, String(sequence))
}

/** Response headers of the reference server. */
export function referenceHeaders(
  stream: number,
  next: number,
  channel = 'a',
  instance = 'one',
): Record<string, string> {
  return {
    'x-sse-harness': '1',
    'x-sse-harness-instance': instance,
    'x-sse-harness-stream': String(stream),
    'x-sse-harness-channel': channel,
    'x-sse-harness-next': String(next),
  }
}
