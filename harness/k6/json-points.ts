import type { Microseconds } from '../model/units.ts'
import { US_PER_MS } from '../model/units.ts'

/** A sample of one of the metrics that say something of streams. */
export interface Point {
  metric: (typeof WANTED)[number]
  time: Microseconds
  value: number
  tags: Readonly<Record<string, string>>
}

const WANTED = [
  'sse_event',
  'sse_open_streams',
  'http_reqs',
  'http_req_failed',
  'http_req_sending',
  'http_req_duration',
  'dropped_iterations',
  'vus',
] as const
/** Most lines are of other metrics and need no parsing. The order of the fields is that of k6's output. */
const HEAD = /^\{"metric":"([^"]*)","type":"Point"/

/** Null for everything else that k6 writes to its standard output, the end-of-test summary included. */
export function parsePoint(line: string): Point | null {
  const metric = WANTED.find((name) => name === HEAD.exec(line)?.[1])
  if (metric === undefined) return null
  const { data } = JSON.parse(line) as { data: { time: string; value: number; tags: Record<string, string> | null } }
  return { metric, time: parseTime(data.time), value: data.value, tags: data.tags ?? {} }
}

/** RFC 3339 with up to nine digits of a second, of which `Date` knows three. */
export function parseTime(text: string): Microseconds {
  const [, head = '', digits = '', zone = ''] = /^(.*T\d\d:\d\d:\d\d)(?:\.(\d+))?(.*)$/.exec(text) ?? []
  return Date.parse(head + zone) * US_PER_MS + Number(digits.padEnd(6, '0').slice(0, 6))
}

/**
 * xk6-sse uses k6's names for requests, so its samples have to be told from those of `k6/http`, which always say by
 * which method.
 */
export const isOfStream = ({ metric, tags }: Point): boolean =>
  metric.startsWith('sse_') || (metric.startsWith('http_') && tags['method'] === undefined)
