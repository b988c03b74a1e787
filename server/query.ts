import type { ChannelSpec } from './channel.ts'
import { parseInteger, parseRate, parseSize, type Parsed } from './units.ts'

/** What one process can be asked for; wide enough for any test, small enough that a typing error cannot take it down. */
export const LIMITS = {
  minRate: 0.001,
  maxRate: 100_000,
  maxSizeBytes: 1024 ** 2,
  maxCount: 1e12,
  maxRetryMs: 3_600_000,
} as const

export const parseEventRate = (text: string): Parsed<number> => parseRate(text, LIMITS.minRate, LIMITS.maxRate)
export const parseEventSize = (text: string): Parsed<number> => parseSize(text, 0, LIMITS.maxSizeBytes)

const CHANNEL_NAME = /^[A-Za-z0-9._~-]{1,128}$/
const LAST_EVENT_ID = /^\d{1,15}$/

export interface EventsDefaults {
  readonly rate: number
  readonly sizeBytes: number
  readonly retryMs: number
}

export interface EventsRequest {
  readonly channel: ChannelSpec
  readonly count: number
  readonly retryMs: number
  /** As given; `lastEventId` header or parameter. */
  readonly lastEventId: string | undefined
}

/** Reads named values out of a query and collects everything that is wrong with it. */
export class QueryReader {
  readonly faults: string[] = []
  readonly #query: URLSearchParams

  constructor(query: URLSearchParams, known: readonly string[]) {
    this.#query = query
    for (const key of new Set(query.keys())) {
      if (!known.includes(key)) this.faults.push(`query: '${clip(key)}' is not known; known are ${known.join(', ')}`)
      else if (query.getAll(key).length > 1) this.faults.push(`query: '${key}' is given more than once; give it once`)
    }
  }

  read<T>(key: string, fallback: T, parse: (text: string) => Parsed<T>): T {
    const text = this.#query.get(key)
    if (text === null) return fallback
    const parsed = parse(text)
    if ('value' in parsed) return parsed.value
    this.faults.push(`query ${key}: '${clip(text)}' ${parsed.fault}`)
    return fallback
  }

  flag(key: string): boolean {
    return this.read(key, false, (text) =>
      text === '1' || text === '0' ? { value: text === '1' } : { fault: 'is not a switch; write 1 or 0' },
    )
  }
}

const clip = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}...` : text)

function parseChannel(text: string): Parsed<string> {
  if (CHANNEL_NAME.test(text)) return { value: text }
  return { fault: "is not a channel name; use 1 to 128 letters, digits, '.', '_', '~' or '-'" }
}

export const EVENTS_KEYS = ['channel', 'rate', 'size', 'count', 'retry', 'lastEventId'] as const

/** `GET /events`, or everything that is wrong with it. */
export function parseEvents(query: URLSearchParams, defaults: EventsDefaults): EventsRequest | { faults: string[] } {
  const reader = new QueryReader(query, EVENTS_KEYS)
  const channel = reader.read('channel', 'default', parseChannel)
  const rate = reader.read('rate', defaults.rate, parseEventRate)
  const sizeBytes = reader.read('size', defaults.sizeBytes, parseEventSize)
  const count = reader.read('count', Infinity, (text) => parseInteger(text, 1, LIMITS.maxCount))
  const retryMs = reader.read('retry', defaults.retryMs, (text) => parseInteger(text, 0, LIMITS.maxRetryMs))
  if (reader.faults.length > 0) return { faults: reader.faults }
  const spec: ChannelSpec = { key: `${channel}/${rate}/${sizeBytes}`, channel, rate, sizeBytes }
  return { channel: spec, count, retryMs, lastEventId: query.get('lastEventId') ?? undefined }
}

/**
 * The number behind a `Last-Event-ID`, null for an id that is none of ours. That is no 400: an EventSource repeats the
 * id for ever and could never connect again; it joins live instead, and /stats counts it as `badLastEventId`.
 */
export const parseLastEventId = (id: string): number | null => (LAST_EVENT_ID.test(id) ? Number(id) : null)
