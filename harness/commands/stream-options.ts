import { readFileSync } from 'node:fs'

import type { Argv } from 'yargs'

import type { RequestOptions, RequestTemplate } from '../client/request.ts'
import { headerFaults, requestTemplate } from '../client/request.ts'
import type { StreamSettings, Until, VirtualUser } from '../client/settings.ts'
import { parseUntil } from '../client/settings.ts'
import type { Clock } from '../measure/clock.ts'
import { UsageError } from '../model/exit-codes.ts'
import { RECONNECT_MODES } from '../model/plan.ts'
import type { Microseconds } from '../model/units.ts'
import { parseDuration, US_PER_MS } from '../model/units.ts'
import { DEFAULT_LIMIT } from '../sse/parser.ts'
import type { ReconnectMode } from '../sse/reconnect.ts'
import { DEFAULT_RETRY_MS } from '../sse/reconnect.ts'

const text = (describe: string) => ({ type: 'string', nargs: 1, describe }) as const

export function streamOptions<T>(yargs: Argv<T>) {
  return yargs
    .positional('url', { type: 'string', demandOption: true, describe: 'The stream' })
    .option('ndjson', {
      type: 'boolean',
      default: false,
      describe: 'One {"type","data","id"} a line, as events arrive',
    })
    .option('reconnect', text('auto (as EventSource for GET, never for other methods), always or never'))
    .option('max-events', text('End successfully after so many events'))
    .option('until', text("End successfully at this event: 'data=[DONE]', event=NAME or id=ID"))
    .option('last-event-id', text('Sent with the first request, as if this event had been received before'))
    .option('header', { type: 'string', array: true, nargs: 1, describe: "'Name: value'; may be repeated" })
    .option('method', text('Request method; GET, or POST when there is a body'))
    .option('body', text('Request body'))
    .option('ca', text('PEM file with the certificate authority to trust'))
    .option('insecure', { type: 'boolean', default: false, describe: 'Accept any TLS certificate' })
    .option('connect-timeout', { ...text('Limit for TCP and TLS'), default: '10s' })
    .option('headers-timeout', { ...text('Limit for the response headers'), default: '30s' })
    .option('idle-timeout', text('Give up a stream that is silent for so long, and reconnect'))
    .option('retry', text(`Reconnection time until the server sets one (${DEFAULT_RETRY_MS}ms)`))
    .option('json', { type: 'boolean', default: false, describe: 'Last stdout line is one JSON object' })
    .option('quiet', { type: 'boolean', default: false, describe: 'No view and no messages: the exit code says it' })
    .option('color', { type: 'boolean', default: true, describe: 'Colours; --no-color or NO_COLOR turns them off' })
}

export type StreamFlags = Readonly<Record<string, unknown>>

/** The flags as a stream to be opened, or a UsageError with every fault. */
export function streamFromFlags(flags: StreamFlags, clock: Clock): { settings: StreamSettings; user: VirtualUser } {
  const faults: string[] = []
  const url = urlOf(flags['url'], faults)
  const request = requestOf(flags, faults)
  const idle = flags['idle-timeout'] === undefined ? null : duration(flags, 'idle-timeout', faults)
  const retry = flags['retry'] === undefined ? DEFAULT_RETRY_MS * US_PER_MS : duration(flags, 'retry', faults)
  const settings: Omit<StreamSettings, 'request'> = {
    connectTimeout: duration(flags, 'connect-timeout', faults),
    headersTimeout: duration(flags, 'headers-timeout', faults),
    idleTimeout: idle,
    reconnect: reconnectOf(flags['reconnect'], faults),
    backoff: null,
    retryMs: retry / US_PER_MS,
    maxEvents: countOf(flags['max-events'], faults),
    until: untilOf(flags['until'], faults),
    lineLimit: DEFAULT_LIMIT,
    profileParams: { bytesPerSecond: Infinity },
    clock,
    seed: 0,
  }
  const lastEventId = String(flags['last-event-id'] ?? '')
  if (/[\r\n\0]/.test(lastEventId)) faults.push('--last-event-id: an id has no line ends and no NUL; remove them')
  if (request === null || faults.length > 0) throw new UsageError(faults)
  return { settings: { ...settings, request }, user: { ordinal: 0, url, profile: 'steady', lastEventId } }
}

function urlOf(value: unknown, faults: string[]): string {
  const url = URL.canParse(String(value)) ? new URL(String(value)) : null
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return url.href
  faults.push(`"${String(value)}" is not an http:// or https:// URL; write http://127.0.0.1:8080/events`)
  return ''
}

function requestOf(flags: StreamFlags, faults: string[]): RequestTemplate | null {
  const body = flags['body'] === undefined ? null : String(flags['body'])
  const method = String(flags['method'] ?? (body === null ? 'GET' : 'POST'))
  if (!/^[A-Z]+$/.test(method)) faults.push(`--method: write the method in capitals, such as POST, not "${method}"`)
  const headers = headersOf(flags['header'], faults)
  faults.push(...headerFaults(headers))
  const ca = caOf(flags['ca'], faults)
  if (faults.length > 0) return null
  return templateOf({ method, headers, body, ca, insecure: flags['insecure'] === true }, faults)
}

function templateOf(options: RequestOptions, faults: string[]): RequestTemplate | null {
  try {
    return requestTemplate(options)
  } catch (error) {
    // Of all it is given, only the certificate can be refused.
    faults.push(`--ca: the file holds no certificate that can be used (${(error as Error).message})`)
    return null
  }
}

/** Lines of the same name are one header, as HTTP combines them. */
function headersOf(lines: unknown, faults: string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of Array.isArray(lines) ? (lines as string[]) : []) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim()
    const value = line.slice(colon + 1).trim()
    // The line is not repeated: it may be a secret.
    if (colon <= 0) faults.push('--header: a header is written \'Name: value\'; one has no ":" behind its name')
    else headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  return headers
}

function caOf(file: unknown, faults: string[]): string | null {
  if (file === undefined) return null
  try {
    return readFileSync(String(file), 'utf8')
  } catch (error) {
    faults.push(`--ca: cannot read the file (${(error as Error).message})`)
    return null
  }
}

function duration(flags: StreamFlags, name: string, faults: string[]): Microseconds {
  const us = parseDuration(String(flags[name]))
  if (us === null)
    faults.push(`--${name}: "${String(flags[name])}" is not a duration; write it with its unit: 250ms, 5s`)
  return us ?? 0
}

/** `--no-reconnect` comes as false. */
function reconnectOf(value: unknown, faults: string[]): ReconnectMode {
  if (value === undefined) return 'auto'
  if (value === false) return 'never'
  if ((RECONNECT_MODES as readonly unknown[]).includes(value)) return value as ReconnectMode
  faults.push(`--reconnect: "${String(value)}" is none of ${RECONNECT_MODES.join(', ')}`)
  return 'auto'
}

function countOf(value: unknown, faults: string[]): number | null {
  if (value === undefined) return null
  if (/^[1-9]\d{0,14}$/.test(String(value))) return Number(value)
  faults.push(`--max-events: "${String(value)}" is not a whole number above zero`)
  return null
}

function untilOf(value: unknown, faults: string[]): Until | null {
  if (value === undefined) return null
  const until = parseUntil(String(value))
  if (until === null) faults.push(`--until: "${String(value)}" cannot be read; write data=TEXT, event=NAME or id=ID`)
  return until
}
