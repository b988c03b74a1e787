import { parseArgs } from 'node:util'

import { LEAK_NAMES, type LeakName } from './leaks/registry.ts'
import { parseEventRate, parseEventSize } from './query.ts'
import { SLOW_POLICIES, type SlowPolicy } from './stream-context.ts'
import { parseDuration, parseInteger, parseSize, type Parsed } from './units.ts'

interface Option<T> {
  readonly default: T
  readonly parse: (text: string) => Parsed<T>
  /** `VALUE (default)  what it is` for --help. */
  readonly help: string
}

const option = <T>(preset: T, parse: (text: string) => Parsed<T>, help: string): Option<T> => ({
  default: preset,
  parse,
  help,
})

const DAY_MS = 86_400_000
const duration = (minMs: number) => (text: string) => parseDuration(text, minMs, DAY_MS)
const integer = (min: number, max: number) => (text: string) => parseInteger(text, min, max)
const size = (text: string): Parsed<number> => parseSize(text, 1, 2 ** 32)

function parseText(text: string): Parsed<string> {
  return text === '' ? { fault: 'is empty; leave the option away or give a value' } : { value: text }
}

function parsePolicy(text: string): Parsed<SlowPolicy> {
  const policy = SLOW_POLICIES.find((known) => known === text)
  return policy === undefined ? { fault: `is no policy; use ${SLOW_POLICIES.join(' or ')}` } : { value: policy }
}

function parseLeak(text: string): Parsed<LeakName> {
  const leak = LEAK_NAMES.find((known) => known === text)
  return leak === undefined ? { fault: `is no leak; use one of ${LEAK_NAMES.join(', ')}` } : { value: leak }
}

const OPTIONS = {
  port: option(0, integer(0, 65_535), 'TCP port; 0 takes a free one'),
  host: option('127.0.0.1', parseText, 'address to listen on'),
  rate: option(10, parseEventRate, 'events per second where the query has no rate'),
  size: option(128, parseEventSize, 'bytes of data where the query has no size'),
  heartbeat: option(15_000, duration(0), 'comment after this silence; 0s for none'),
  retry: option(1000, duration(0), 'reconnection time told to clients'),
  replay: option(1000, integer(0, 1_000_000), 'events kept per channel for clients that resume'),
  'replay-bytes': option(64 * 1024 ** 2, size, 'the same in bytes'),
  linger: option(30_000, duration(0), 'how long a channel without streams lives on'),
  'queue-events': option(1024, integer(1, 10_000_000), 'events that may wait for one slow reader'),
  'queue-bytes': option(1024 ** 2, size, 'the same in bytes'),
  'slow-policy': option<SlowPolicy>('drop-oldest', parsePolicy, 'drop-oldest | disconnect: when that is full'),
  'send-timeout': option(10_000, duration(1), 'end a stream that takes nothing for this long'),
  grace: option(5000, duration(0), 'deadline of a graceful shutdown'),
  token: option<string | null>(null, parseText, 'bearer token for /control from elsewhere'),
  'max-streams': option(Infinity, integer(0, 10_000_000), 'answer 503 above this many'),
  'ended-kept': option(50_000, integer(0, 1_000_000), 'ended streams that /stats remembers'),
  leak: option<LeakName | null>(null, parseLeak, `leak on purpose: ${LEAK_NAMES.join(', ')}`),
} satisfies Record<string, Option<unknown>>

const FLAGS = {
  'exit-with-parent': 'end when stdin (a pipe) is closed',
  'exit-books': 'print a last line with all figures when ending in good order',
  help: 'print this',
} as const

type Values = { readonly [K in keyof typeof OPTIONS]: (typeof OPTIONS)[K]['default'] }
/** Durations in milliseconds, sizes in bytes. */
export type ServerOptions = Values & { readonly [K in keyof typeof FLAGS]: boolean }

/** All options, or a sentence for each thing that is wrong. */
export function parseOptions(args: string[]): { options: ServerOptions } | { faults: string[] } {
  const faults: string[] = []
  const values: Record<string, unknown> = {}
  for (const [key, { default: preset }] of Object.entries(OPTIONS)) values[key] = preset
  for (const key of Object.keys(FLAGS)) values[key] = false
  const texts = Object.keys(OPTIONS).map((key) => [key, { type: 'string' as const }])
  const flags = Object.keys(FLAGS).map((key) => [key, { type: 'boolean' as const }])
  const known = Object.fromEntries([...texts, ...flags])
  const { tokens } = parseArgs({ args, options: known, strict: false, allowPositionals: true, tokens: true })
  const seen = new Set<string>()
  for (const [index, token] of tokens.entries()) {
    // The word after an option that we do not know was meant as its value: one mistake, one sentence.
    const before = tokens[index - 1]
    const isValue = before?.kind === 'option' && !Object.hasOwn(known, before.name)
    if (token.kind === 'positional' && !isValue) {
      faults.push(`'${token.value}' stands alone; options are written --name value`)
    }
    if (token.kind !== 'option') continue
    const fault = seen.has(token.name) ? 'is given more than once; give it once' : take(token.name, token.value, values)
    seen.add(token.name)
    if (fault !== null) faults.push(`${token.rawName}: ${fault}`)
  }
  return faults.length > 0 ? { faults } : { options: values as unknown as ServerOptions }
}

/** Sets one option; the fault, or null. */
function take(key: string, text: string | undefined, values: Record<string, unknown>): string | null {
  if (Object.hasOwn(FLAGS, key)) {
    values[key] = true
    return text === undefined ? null : 'takes no value; write it alone'
  }
  if (!Object.hasOwn(OPTIONS, key)) return `is not known; options are --${Object.keys(OPTIONS).join(' --')}`
  if (text === undefined) return 'needs a value'
  const parsed: Parsed<unknown> = OPTIONS[key as keyof typeof OPTIONS].parse(text)
  if ('fault' in parsed) return `'${text}' ${parsed.fault}`
  values[key] = parsed.value
  return null
}

export function usage(): string {
  const rows = Object.entries(OPTIONS).map(([key, { default: preset, help }]) => {
    const isSet = preset !== null && preset !== Infinity
    return [`--${key}`, isSet ? `${help} (${preset}${DURATIONS.has(key) ? ' ms' : ''})` : help]
  })
  for (const [key, help] of Object.entries(FLAGS)) rows.push([`--${key}`, help])
  const lines = rows.map(([flag, help]) => `  ${flag?.padEnd(20)}${help}`)
  return ['Reference server for Server-Sent Events: GET /events, /stats, /health, POST /control.', ...lines, ''].join(
    '\n',
  )
}

const DURATIONS = new Set(['heartbeat', 'retry', 'linger', 'send-timeout', 'grace'])
