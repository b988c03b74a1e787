import type { MetricName } from './metric.ts'
import { METRICS, parseMetricKey } from './metric.ts'
import type { Microseconds } from './units.ts'
import { parseDuration } from './units.ts'

/** What a threshold reads of a metric: k6's words. `rate` is per second of the measured time, `value` of a gauge its last. */
export type Aggregate =
  | { fn: 'p'; quantile: number }
  | { fn: 'min' | 'max' | 'avg' | 'med' | 'count' | 'rate' | 'value' }

export type Comparison = '<' | '<=' | '>' | '>=' | '==' | '!='

export interface Threshold {
  /** As written, for reports. */
  text: string
  /** Metric name with its tags, as in the record. */
  metric: string
  aggregate: Aggregate
  comparison: Comparison
  /** Microseconds for durations, bytes, a ratio from 0 to 1, or a count. */
  limit: number
}

const EXPRESSION = /^\s*(p\((\d+(?:\.\d+)?)\)|min|max|avg|med|count|rate|value)\s*(<=|>=|==|!=|<|>)\s*(\S+)\s*$/

/** `sse_delivery_latency: p(99)<50ms` -> a threshold, or the sentence that says what is wrong with it. */
export function parseThreshold(text: string): Threshold | { fault: string } {
  const colon = text.indexOf(':')
  if (colon < 0)
    return {
      fault: `threshold "${text}" has no ":" between metric and expression; write sse_delivery_latency: p(99)<50ms`,
    }
  const metric = text.slice(0, colon).trim()
  const { name } = parseMetricKey(metric)
  if (!Object.hasOwn(METRICS, name))
    return {
      fault: `threshold "${text}" names the unknown metric "${metric}"; known metrics: ${Object.keys(METRICS).join(', ')}`,
    }
  const spec = METRICS[name as MetricName]
  const match = EXPRESSION.exec(text.slice(colon + 1))
  if (match === null)
    return { fault: `threshold "${text}" cannot be read; write p(99)<50ms, max<1s, count==0, rate>100 or value>=0.99` }
  const aggregate: Aggregate =
    match[2] === undefined ? { fn: match[1] as 'min' } : { fn: 'p', quantile: quantileOf(match[2]) }
  if (aggregate.fn === 'p' && aggregate.quantile >= 1)
    return { fault: `threshold "${text}": percentiles are below 100; the largest sample is max` }
  const allowed = aggregatesOf(spec.kind)
  if (!allowed.includes(aggregate.fn))
    return { fault: `threshold "${text}": a ${spec.kind} has no "${aggregate.fn}"; it has ${allowed.join(', ')}` }
  const isDuration = spec.kind === 'histogram' && aggregate.fn !== 'count'
  const limit = parseLimit(match[4] ?? '', isDuration)
  if (limit === null) {
    return {
      fault: isDuration
        ? `threshold "${text}": "${match[4]}" needs a unit (us, ms, s, m), because a bare number could mean any of them`
        : `threshold "${text}": "${match[4]}" is not a plain number`,
    }
  }
  return { text: text.trim(), metric, aggregate, comparison: match[3] as Comparison, limit }
}

/** 99.9 / 100 is 0.9990000000000001 in doubles, which would be another percentile than p999. */
const quantileOf = (percent: string): number => Number((Number(percent) / 100).toPrecision(12))

function aggregatesOf(kind: 'histogram' | 'counter' | 'gauge'): readonly string[] {
  if (kind === 'histogram') return ['p', 'min', 'max', 'avg', 'med', 'count']
  return kind === 'counter' ? ['count', 'rate'] : ['value', 'min', 'max']
}

function parseLimit(text: string, isDuration: boolean): Microseconds | number | null {
  if (isDuration) return parseDuration(text)
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null
}

export function compare(actual: number, comparison: Comparison, limit: number): boolean {
  switch (comparison) {
    case '<':
      return actual < limit
    case '<=':
      return actual <= limit
    case '>':
      return actual > limit
    case '>=':
      return actual >= limit
    case '==':
      return actual === limit
    case '!=':
      return actual !== limit
  }
}
