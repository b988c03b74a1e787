import { readFile } from 'node:fs/promises'

export interface K6Threshold {
  metric: string
  expression: string
  /** Null: k6 lets a threshold hold that has had no samples, or it saw nothing but zeros and so cannot be told apart. */
  ok: boolean | null
}

type Values = Record<string, unknown> & { thresholds?: Record<string, boolean> }

/** Of the file of `--summary-export`; null when k6 did not get as far as to write one. */
export async function readThresholds(file: string): Promise<K6Threshold[] | null> {
  const text = await readFile(file, 'utf8').catch(() => null)
  return text === null ? null : parseThresholds(text)
}

/**
 * The booleans of this file say that a threshold was crossed, so `true` is bad (summary-wrapper.js turns them round).
 */
export function parseThresholds(text: string): K6Threshold[] {
  const { metrics = {} } = JSON.parse(text) as { metrics?: Record<string, Values> }
  return Object.entries(metrics).flatMap(([metric, values]) =>
    Object.entries(values.thresholds ?? {}).map(([expression, crossed]) => ({
      metric,
      expression,
      ok: crossed ? false : isEmpty(values) ? null : true,
    })),
  )
}

/**
 * Whether a threshold holds only because nothing came. Counters have `count`, gauges `value`: none is a true zero there.
 * Rates count what they are made of. Of trends there are only statistics, which are all zero without samples.
 */
function isEmpty({ thresholds: _, ...values }: Values): boolean {
  if ('passes' in values && 'fails' in values) return values['passes'] === 0 && values['fails'] === 0
  const isTrend = !('rate' in values && 'count' in values) && !('value' in values)
  return isTrend && Object.values(values).every((value) => value === 0)
}
