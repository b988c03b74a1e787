import type { MeasuredSignal } from '../../../harness/leaks/signal.ts'

export const CONNECTIONS = 200

/** A signal of 200 connections in each cycle, with forced collections. */
export const measured = (
  kind: MeasuredSignal['kind'],
  samples: readonly (number | null)[],
  rest: Partial<MeasuredSignal> = {},
): MeasuredSignal => ({
  ...{ name: 'signal', unit: kind === 'bytes' || kind === 'ceiling' ? 'bytes' : 'count', kind, baseline: 3, samples },
  ...{ connectionsPerCycle: CONNECTIONS, collected: true },
  ...rest,
})

export const series = (cycles: number, of: (cycle: number) => number): number[] =>
  Array.from({ length: cycles }, (_, cycle) => of(cycle))

/** Plus and minus 4 KB in turn, which no order of the cycles explains. */
export const flutter = (cycle: number): number => 5_000_000 + (cycle % 2 === 0 ? 4000 : -4000)
