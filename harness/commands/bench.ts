import type { CommandModule } from 'yargs'

import { UsageError } from '../model/exit-codes.ts'
import { planDuration } from '../model/plan.ts'
import type { RunPlan } from '../model/plan.ts'
import type { Microseconds } from '../model/units.ts'
import { US_PER_SECOND } from '../model/units.ts'
import { runLeakPart } from '../run/bench-leaks.ts'
import type { BenchProfile, BenchProfileName } from '../run/bench-profiles.ts'
import { BENCH_PROFILES, BENCH_SERVER, SLOW_STREAM } from '../run/bench-profiles.ts'
import { preflight } from '../run/preflight.ts'
import { startReferenceServer } from '../run/reference-server.ts'
import type { SessionOptions, SessionResult } from '../run/session-types.ts'
import { runSession } from '../run/session.ts'
import type { K6Half, K6HalfFlags } from './bench-k6.ts'
import { findK6Half, k6Time, runK6Half } from './bench-k6.ts'
import type { CommonFlags } from './common-options.ts'
import { commonOptions } from './common-options.ts'
import type { RunContext, RunParts } from './execute-run.ts'
import { executeRun } from './execute-run.ts'
import { loadOptions, planFromFlags } from './load-options.ts'

type BenchFlags = CommonFlags & K6HalfFlags & Record<string, unknown> & { profile: BenchProfileName }

export const benchCommand: CommandModule<object, BenchFlags> = {
  command: 'bench',
  describe: 'The main job: steady load, an interruption, slow readers, connect/disconnect cycles',
  builder: (yargs) =>
    commonOptions(loadOptions(yargs))
      .option('profile', {
        choices: Object.keys(BENCH_PROFILES) as BenchProfileName[],
        default: 'standard' as const,
        describe: Object.entries(BENCH_PROFILES)
          .map(([name, { takes }]) => `${name} ${takes}`)
          .join(', '),
      })
      .option('k6', {
        type: 'boolean',
        default: true,
        describe: 'The steady load by k6 as well, where there is one; --no-k6 leaves it out',
      })
      .option('require-k6', { type: 'boolean', default: false, describe: 'No run without the k6 half' })
      .example('$0 bench --profile smoke', 'against the reference server, started for it')
      .example('$0 bench --url http://127.0.0.1:8080/events', 'what can be run against a server of your own'),
  handler: async (flags) => {
    process.exitCode = await runBench(flags)
  },
}

async function runBench(flags: BenchFlags): Promise<number> {
  if (!flags.k6 && flags['require-k6']) throw new UsageError(['--require-k6 and --no-k6 exclude each other; give one'])
  const profile: BenchProfile = BENCH_PROFILES[flags.profile]
  const base = {
    load: { connections: profile.connections, ramp: profile.ramp, warmUp: profile.warmUp, duration: profile.steady },
  }
  const isExternal = flags['url'] !== undefined || flags['plan'] !== undefined
  // Checked before the server is started, so that a wrong flag starts nothing.
  const placeholder = isExternal ? base : { ...base, target: { url: 'http://127.0.0.1/events' } }
  const checked = planFromFlags(flags, placeholder)
  const { load, workers, target } = checked.plan
  preflight({ generator: 'node', connections: load.connections, workers, path: 'load.connections' })
  const { secretHeaders } = target
  return executeRun(flags, async (setUp) => {
    const half = await findK6Half(flags, checked.plan, setUp)
    const told = half.skipped === null ? [] : [half.skipped]
    if (half.skipped !== null) setUp.progress.print(half.skipped)
    if (isExternal) {
      const { plan, shown } = checked
      return { shown, secretHeaders, run: (context) => external({ ...context, plan, profile, half, told }) }
    }
    const server = await startReferenceServer(BENCH_SERVER)
    const url = `${server.url}/events?channel=bench-{stream%${profile.channels}}`
    const gone = server.ended.then(() => {})
    const { plan, shown } = planFromFlags(flags, { ...base, target: { url } })
    return {
      shown,
      secretHeaders,
      run: (context) => whole({ ...context, plan, profile, half, told }, server.url, gone),
      close: () => server.stop(),
    }
  })
}

/** Everything that a bench is made of. */
interface Bench extends RunContext {
  plan: RunPlan
  profile: BenchProfile
  half: K6Half
  /** What has to be known whatever comes. */
  told: string[]
}

/** About what a round of connecting and leaving takes, and the slow readers' start and stop. */
const CYCLE: Microseconds = US_PER_SECOND / 2
const SLOW_SETTLE: Microseconds = 3 * US_PER_SECOND
const cyclesTime = ({ cycles }: BenchProfile): Microseconds => (cycles.count + 1) * CYCLE
const slowTime = ({ slowReaders }: BenchProfile): Microseconds => planDuration(slowReaders.duration) + SLOW_SETTLE

/** A bench with its sessions alone. */
const NOTHING_MORE = { leaks: null, verdicts: [], phases: [], headline: ['steady'], targetAlive: true }

/**
 * Everything, against the reference server. k6 comes right after our own clients, while the server is as it was for
 * them; the cycles come last, because what they look for is what all that went before has left behind.
 */
async function whole(bench: Bench, origin: string, gone: Promise<void>): Promise<RunParts> {
  const { profile, clock, signal, progress } = bench
  const after = slowTime(profile) + cyclesTime(profile)
  const steady = await runSession(steadySession(bench, gone, after))
  const sessions: SessionResult[] = [steady]
  const parts: RunParts = { ...NOTHING_MORE, warnings: bench.told, sessions }
  // What is over or cannot be reached needs no further phases.
  const isOver = ({ targetAlive }: SessionResult): boolean => signal.aborted || targetAlive === false
  if (steady.unreachable || isOver(steady)) return parts
  const k6 = await runK6Half(bench.half, bench.plan, bench, { after, targetGone: gone })
  if (k6 !== null) sessions.push(k6)
  if (k6 !== null && isOver(k6)) return parts
  const slow = await runSession(slowSession(bench, origin, gone, steady))
  sessions.push(slow)
  if (isOver(slow)) return parts
  const { count, connections } = profile.cycles
  const onCycle = (done: number): void => progress.note(`cycles · ${done}/${count} of ${connections} connections each`)
  onCycle(0)
  const leakPart = await runLeakPart({ origin, clock, count, connections, signal, onCycle })
  const { leaks, verdict, phase, targetAlive } = leakPart
  return { ...parts, leaks, verdicts: [verdict], phases: [phase], targetAlive }
}

/** What can be done to a server that belongs to somebody else: load it and look. */
async function external(bench: Bench): Promise<RunParts> {
  const options = steadySession(bench, null, 0)
  const session = await runSession({ ...options, phases: options.phases.slice(0, 1) })
  const skipped =
    'an external target is only put under steady load: the interruption, the slow readers and the leak cycles need the reference server'
  const parts = { ...NOTHING_MORE, warnings: [skipped, ...bench.told] }
  if (session.unreachable || session.targetAlive === false || bench.signal.aborted)
    return { ...parts, sessions: [session] }
  const k6 = await runK6Half(bench.half, bench.plan, bench, { after: 0, targetGone: null })
  return { ...parts, sessions: k6 === null ? [session] : [session, k6] }
}

/** `after`: what follows the k6 half. */
function steadySession(bench: Bench, gone: Promise<void> | null, after: Microseconds): SessionOptions {
  const { plan, profile, half, clock, signal, sink, progress } = bench
  return {
    plan,
    phases: [
      { name: 'steady', duration: planDuration(plan.load.duration) },
      {
        name: 'interruption',
        duration: planDuration(profile.interruption),
        action: {
          fault: 'server-drop share=1 mode=reset',
          run: async (target) => ({
            dropped: Number((await target.control({ action: 'drop', share: 1, mode: 'reset' }))['dropped']),
          }),
        },
      },
    ],
    name: '',
    firstStream: 0,
    after: k6Time(half, plan) + after,
    clock,
    signal,
    sink,
    onProgress: progress.listener,
    targetGone: gone,
    launcher: [],
  }
}

function slowSession(bench: Bench, origin: string, gone: Promise<void>, before: SessionResult): SessionOptions {
  const { profile } = bench
  const { connections, share, duration } = profile.slowReaders
  const { rate, size, bytesPerSecond } = SLOW_STREAM
  const plan: RunPlan = {
    ...bench.plan,
    target: { ...bench.plan.target, url: `${origin}/events?channel=bulk&rate=${rate}&size=${size}` },
    load: { ...bench.plan.load, connections, ramp: '500ms', warmUp: '0s', duration, settle: '2s' },
    mix: { steady: 100 - share, 'slow-reader': share },
    slowReader: { bytesPerSecond },
    workers: 1,
  }
  return {
    ...steadySession(bench, gone, 0),
    plan,
    phases: [{ name: 'measure', duration: planDuration(duration) }],
    name: 'slow-readers/',
    after: cyclesTime(profile),
    firstStream: before.workers.reduce((sum, worker) => sum + worker.users, 0),
  }
}
