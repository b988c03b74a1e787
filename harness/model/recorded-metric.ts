import { z } from 'zod'

export const QUANTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999 } as const
export type QuantileName = keyof typeof QUANTILES
const quantile = z.number().nullable().describe('null: too few independent samples to know it')

const HistogramMetric = z.object({
  kind: z.literal('histogram'),
  unit: z.literal('us'),
  count: z.int().describe('samples, the censored ones included'),
  independent: z.int().describe('bursts, streams or ticks behind them: what percentiles are judged by'),
  censored: z.int().describe('samples still open at cut-off, known only to be at least their value'),
  overflow: z.int().describe('samples above the range, not in the histogram'),
  min: z.number().nullable(),
  max: z.number().nullable(),
  mean: z.number().nullable().describe('of the histogram with censored samples at their lower bound'),
  p50: quantile,
  p90: quantile,
  p95: quantile,
  p99: quantile,
  p999: quantile,
  lowerBounds: z.array(z.string()).describe('the percentiles (and max) that are only known to be at least their value'),
  clientBound: z
    .array(z.string())
    .describe("the percentiles of which the harness's own queueing may be more than 25 %"),
  hdr: z.string().describe('HdrHistogram V2, compressed, base64, 3 significant digits; exact samples only'),
  hdrCensored: z.string().nullable().describe('the same of the censored lower bounds'),
})
const CounterMetric = z.object({ kind: z.literal('counter'), value: z.number() })
const GaugeMetric = z.object({
  kind: z.literal('gauge'),
  last: z.number().nullable(),
  min: z.number().nullable(),
  max: z.number().nullable(),
})
const Metric = z.discriminatedUnion('kind', [HistogramMetric, CounterMetric, GaugeMetric])
/** By name. */
export const Metrics = z.record(z.string(), Metric)

export type HistogramMetric = z.infer<typeof HistogramMetric>
export type GaugeMetric = z.infer<typeof GaugeMetric>
export type Metric = z.infer<typeof Metric>
export type Metrics = z.infer<typeof Metrics>
