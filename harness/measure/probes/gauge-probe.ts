import { Client } from 'undici'

import type { FieldSpec } from '../../model/field-spec.ts'
import { parseFieldSpec } from '../../model/field-spec.ts'
import { MS_PER_SECOND } from '../../model/units.ts'
import { findJson } from '../json-scan.ts'
import { httpGet, isTimeout, TooLongError } from './http-get.ts'
import type { Probe, Reading } from './probe.ts'
import { codeOf, ProbeError } from './probe.ts'
import type { Series } from './prometheus.ts'
import { parseSeries, sumOf } from './prometheus.ts'

const ANSWER_LIMIT_MS = 5 * MS_PER_SECOND
const BODY_LIMIT_MIB = 16
const BYTES_PER_MIB = 1024 * 1024
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

type Where = Extract<FieldSpec, { source: 'json' }> | ({ source: 'prom' } & Series)

/** A number at a URL. */
export interface GaugeSpec {
  /** With whatever secrets it has: not for anybody's eyes. */
  url: URL
  where: Where
  /** As written: `json:$.clients`. */
  selector: string
}

/** `URL json:$.clients` or `URL prom:name{label="x"}` -> a spec, or the sentence that says what is wrong with it. */
export function parseGauge(text: string): GaugeSpec | { fault: string } {
  const [, address = '', selector = ''] = /^(\S+)\s+(\S.*)$/.exec(text.trim()) ?? []
  // The address may hold a secret, so it is in no sentence.
  if (selector === '')
    return { fault: 'the gauge has no number to look for; write "URL json:$.path" or "URL prom:name"' }
  const url = /^https?:\/\//i.test(address) && URL.canParse(address) ? new URL(address) : null
  if (url === null) return { fault: `the URL of the gauge ${selector} is not valid; write http://HOST:PORT/PATH` }
  const where = parseWhere(selector)
  return 'fault' in where ? where : { url, where, selector }
}

function parseWhere(selector: string): Where | { fault: string } {
  if (selector.startsWith('prom:')) {
    const series = parseSeries(selector.slice('prom:'.length))
    return series === null
      ? { fault: `"${selector}" names no metric; write prom:name or prom:name{label="value"}` }
      : { source: 'prom', ...series }
  }
  const field = parseFieldSpec(selector)
  if ('source' in field && field.source === 'json') return field
  return 'fault' in field && selector.startsWith('json:')
    ? field
    : { fault: `"${selector}" says not where to look; write json:$.path or prom:name` }
}

/**
 * A number that a server tells of itself, such as its own count of clients. Each sample has a connection of its own, so
 * that none stands open, or is closed for idleness, while sockets are counted. Redirects are not followed.
 */
export class GaugeProbe implements Probe {
  readonly name: string
  private readonly spec: GaugeSpec
  private readonly timeoutMs: number
  private client: Client | null = null

  /** `label` stands for the URL and the selector in readings and messages, and must hold no secret. */
  constructor(spec: GaugeSpec, label: string, timeoutMs: number = ANSWER_LIMIT_MS) {
    this.name = label
    this.spec = spec
    this.timeoutMs = timeoutMs
  }

  /** One reading. Rejects with `ProbeError` without an answer; an answer without the number is null with its reason. */
  async sample(): Promise<Reading[]> {
    const value = valueIn(await this.get(), this.spec)
    const reading = { name: this.name, unit: 'count', kind: 'gauge' } as const
    return [typeof value === 'number' ? { ...reading, value } : { ...reading, value: null, why: value }]
  }

  async close(): Promise<void> {
    await this.client?.destroy()
  }

  private async get(): Promise<Buffer> {
    const { url, where } = this.spec
    const client = new Client(url.origin, { connect: { timeout: this.timeoutMs } })
    this.client = client
    const headers: Record<string, string> = {
      accept: where.source === 'json' ? 'application/json' : 'text/plain;version=0.0.4',
      connection: 'close',
    }
    if (url.username !== '' || url.password !== '') headers['authorization'] = basic(url)
    try {
      const limit = BODY_LIMIT_MIB * BYTES_PER_MIB
      const got = await httpGet(client, url.pathname + url.search, headers, this.timeoutMs, limit)
      if (got.status === 200) return got.body
      throw new ProbeError(`the gauge ${this.name} answers with status ${got.status} and not 200; look at its URL`)
    } catch (error) {
      throw error instanceof ProbeError ? error : new ProbeError(this.failure(error))
    } finally {
      await client.destroy()
    }
  }

  /** Without the words of the error itself, which may show the URL. */
  private failure(error: unknown): string {
    if (isTimeout(error))
      return `the gauge ${this.name} has not answered within ${this.timeoutMs / MS_PER_SECOND} s; look at whether the server still does`
    if (error instanceof TooLongError)
      return `the gauge ${this.name} answers with more than ${BODY_LIMIT_MIB} MiB; give a URL with less behind it`
    return `the gauge ${this.name} cannot be asked (${codeOf(error) || 'connection failed'}); look at its URL and whether the server runs`
  }
}

/** The number, or why there is none. What stands there instead is not shown: it is the server's own business. */
function valueIn(body: Buffer, { where, selector }: GaugeSpec): number | string {
  if (where.source === 'prom') {
    const sum = sumOf(body.toString(), where)
    return typeof sum === 'number' ? sum : `no number for ${selector}: ${sum}`
  }
  const range = findJson(body, 0, body.length, where.path)
  if (range === null) return `no number for ${selector}: nothing is there in the answer`
  const text = body.toString('utf8', range.start, range.end)
  const value = JSON_NUMBER.test(text) ? Number(text) : Infinity
  return Number.isFinite(value) ? value : `no number for ${selector}: something else is there in the answer`
}

function basic({ username, password }: URL): string {
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`
}

/** A lone percent sign stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
