/** Those of our module's metrics that `xk6-sse.ts` measures in JavaScript where the module is xk6-sse. */
const MEASURED_ON_XK6_SSE = [
  'sse_event',
  'sse_connections_opened',
  'sse_connections_failed',
  'sse_headers_duration',
  'sse_first_event_duration',
  'sse_worst_gap',
]

/**
 * The thresholds that can be judged. k6 refuses to start with a threshold on a metric that nobody has registered, so
 * without `harness` (the version of our module) those on further metrics of it are left out. `own` are metrics that the
 * script itself registers.
 */
export function thresholdsFor<T>(
  harness: string | undefined,
  thresholds: Readonly<Record<string, T>>,
  own: readonly string[] = [],
): Record<string, T> {
  const known = [...MEASURED_ON_XK6_SSE, ...own]
  const judged = Object.entries(thresholds).filter(([key]) => {
    const metric = key.replace(/\{.*$/, '')
    return harness !== undefined || !metric.startsWith('sse_') || known.includes(metric)
  })
  return Object.fromEntries(judged)
}

/**
 * An upper limit in milliseconds for a Trend, `p(95)<1000`. The second condition is for a Trend without values: all of
 * its aggregates are 0, which is below every limit, so a test that measured nothing would pass.
 */
export function below(ms: number, aggregate = 'p(95)'): string[] {
  return [`${aggregate}<${ms}`, 'max>0']
}
