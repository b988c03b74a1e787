import type { Clock } from '../measure/clock.ts'
import { judgeExact } from '../leaks/exact-signals.ts'
import type { SignalSeries } from '../leaks/exact-signals.ts'
import type { Leaks, Phase, Verdict } from '../model/record.ts'
import { FURTHER_VERDICTS } from '../model/verdicts.ts'
import type { CycleSamples } from './cycles.ts'
import { runCycles, signalOf, signals } from './cycles.ts'
import { ReferenceTarget } from './reference-target.ts'

interface LeakPart {
  leaks: Leaks
  verdict: Verdict
  phase: Phase
  targetAlive: boolean
}

interface LeakPartOptions {
  origin: string
  clock: Clock
  count: number
  connections: number
  signal: AbortSignal
  onCycle: (done: number) => void
}

/** The leak part of `bench`: cycles, then every count of the server against its start. */
export async function runLeakPart(options: LeakPartOptions): Promise<LeakPart> {
  const { clock, origin, connections } = options
  const target = new ReferenceTarget(origin)
  const startUs = clock.now()
  let samples: CycleSamples | null = null
  let targetAlive = false
  try {
    samples = await runCycles({ ...options, target })
  } catch {
    // A server that is gone has a verdict of its own; here nothing was seen, which is not the same as clean.
  } finally {
    targetAlive = await target.isAlive()
    await target.close()
  }
  const phase: Phase = { name: 'cycles', kind: 'cycles', startUs, endUs: clock.now() }
  return { ...judgeCycles(samples, connections), phase, targetAlive }
}

/** `samples` is null when the server could not be asked. */
export function judgeCycles(samples: CycleSamples | null, connections: number): { leaks: Leaks; verdict: Verdict } {
  const leaks = judgeExact(samples === null ? [] : seriesOf(samples), connections)
  return { leaks, verdict: verdictOf(leaks) }
}

function seriesOf({ baseline, samples }: CycleSamples): SignalSeries[] {
  const exact = signals(baseline).map(([name, value]) => ({
    name,
    unit: 'count',
    baseline: value,
    samples: samples.map((stats) => signalOf(stats, name)),
    exact: true,
  }))
  const heap = {
    name: baseline.gc ? 'heap used after GC' : 'heap used',
    unit: 'bytes',
    baseline: baseline.memory.heapUsed,
    samples: samples.map((stats) => stats.memory.heapUsed),
    exact: false,
  }
  const rss = {
    name: 'RSS',
    unit: 'bytes',
    baseline: baseline.memory.rss,
    samples: samples.map((stats) => stats.memory.rss),
    exact: false,
  }
  return [...exact, heap, rss]
}

function verdictOf(leaks: Leaks): Verdict {
  const status = leaks.verdict === 'clean' ? 'pass' : leaks.verdict === 'leak' ? 'fail' : 'inconclusive'
  const notable = leaks.signals.filter((signal) => signal.verdict === 'leak' || signal.verdict === 'undecided')
  const why = notable.map((signal) => `${signal.name}: ${signal.why}`).join('; ')
  return {
    name: 'no_leak',
    status,
    expected: FURTHER_VERDICTS.no_leak,
    actual: `${leaks.verdict} after ${leaks.cycles} cycles of ${leaks.connectionsPerCycle}`,
    why: why === '' ? (leaks.cycles === 0 ? 'the server could not be asked' : 'every count is back at its start') : why,
  }
}
