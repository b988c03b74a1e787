/** A metric and the labels that a sample must have. An empty value stands for a label that is not there. */
export interface Series {
  metric: string
  labels: ReadonlyMap<string, string>
}

const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABELS_START = /[ \t]*\{/y
const LABEL = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(?:,|(?=\}))/y
const LABELS_END = /[ \t]*\}/y
/** The value, a time stamp if there is one, and what OpenMetrics may write behind. */
const VALUE = /^[ \t]*(\S+)(?:[ \t]+-?[\d.]+)?[ \t]*(?:#.*)?$/
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const ESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' }

/** `name` or `name{label="value",...}` -> what to look for, or null when it is not that. */
export function parseSeries(text: string): Series | null {
  const metric = METRIC.exec(text)?.[0]
  const found = metric === undefined ? null : labelsAt(text, metric.length)
  return metric !== undefined && found?.end === text.length ? { metric, labels: found.labels } : null
}

/**
 * The sum of all samples of a metric that have the labels, or the words for why there is none. Source: Prometheus text
 * format 0.0.4; time stamps are passed over, and so are the exemplars of OpenMetrics.
 */
export function sumOf(text: string, wanted: Series): number | string {
  let sum: number | null = null
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (METRIC.exec(line)?.[0] !== wanted.metric) continue
    const found = labelsAt(line, wanted.metric.length)
    if (found === null) return `line ${index + 1} cannot be read`
    if (![...wanted.labels].every(([name, value]) => (found.labels.get(name) ?? '') === value)) continue
    const value = VALUE.exec(line.slice(found.end))?.[1] ?? ''
    const number = NUMBER.test(value) ? Number(value) : NaN
    if (!Number.isFinite(number)) return `the value in line ${index + 1} is not a finite number`
    sum = (sum ?? 0) + number
  }
  return sum ?? 'no sample matches'
}

/** The labels that begin at `start`, and where they end; null when they are broken. */
function labelsAt(text: string, start: number): { labels: Map<string, string>; end: number } | null {
  const labels = new Map<string, string>()
  LABELS_START.lastIndex = start
  if (!LABELS_START.test(text)) return { labels, end: start }
  let end = LABELS_START.lastIndex
  for (;;) {
    LABEL.lastIndex = end
    const [, name = '', value = ''] = LABEL.exec(text) ?? []
    if (name === '') break
    labels.set(
      name,
      value.replaceAll(/\\[\\"n]/g, (escape) => ESCAPES[escape] ?? escape),
    )
    end = LABEL.lastIndex
  }
  LABELS_END.lastIndex = end
  return LABELS_END.test(text) ? { labels, end: LABELS_END.lastIndex } : null
}
