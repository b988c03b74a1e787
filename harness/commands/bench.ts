import type { CommandModule } from 'yargs'

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
import type { CommonFlags } from './common-options.ts'
import { commonOptions } from './common-options.ts'
import type { RunContext, RunParts } from './execute-run.ts'
import { executeRun } from './execute-run.ts'
import { loadOptions, planFromFlags } from './load-options.ts'

type BenchFlags = CommonFlags & Record<string, unknown> & { profile: BenchProfileName }

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
      .example('$0 bench --profile smoke', 'against the reference server, started for it')
      .example('$0 bench --url http://127.0.0.1:8080/events', 'what can be run against a server of your own'),
  handler: async (flags) => {
    process.exitCode = await bench(flags)
  },
}

async function bench(flags: BenchFlags): Promise<number> {
  const profile: BenchProfile = BENCH_PROFILES[flags.profile]
  const base = {
    load: { connections: profile.connections, ramp: profile.ramp, warmUp: profile.warmUp, duration: profile.steady },
  }
  const isExternal = flags['url'] !== undefined || flags['plan'] !== undefined
  // Checked before the server is started, so that a wrong flag starts nothing.
  const placeholder = isExternal ? base : { ...base, target: { url: 'http://127.0.0.1/events' } }
  const checked = planFromFlags(flags, placeholder)
  const { plan } = checked
  preflight({ connections: plan.load.connections, workers: plan.workers, path: 'load.connections' })
  if (isExternal)
    return executeRun(flags, async () => ({ loaded: checked, run: (context) => external(context, profile) }))
  return executeRun(flags, async () => {
    const server = await startReferenceServer(BENCH_SERVER)
    const url = `${server.url}/events?channel=bench-{stream%${profile.channels}}`
    const gone = server.ended.then(() => {})
    return {
      loaded: planFromFlags(flags, { ...base, target: { url } }),
      run: (context) => whole(context, profile, server.url, gone),
      close: () => server.stop(),
    }
  })
}

/** About what a round of connecting and leaving takes, and the slow readers' start and stop. */
const CYCLE: Microseconds = US_PER_SECOND / 2
const SLOW_SETTLE: Microseconds = 3 * US_PER_SECOND
const cyclesTime = ({ cycles }: BenchProfile): Microseconds => (cycles.count + 1) * CYCLE

/** A bench with its sessions alone. */
const NOTHING_MORE = { leaks: null, verdicts: [], phases: [], warnings: [], headline: ['steady'], targetAlive: true }

/** Everything, against the reference server. */
async function whole(
  context: RunContext,
  profile: BenchProfile,
  origin: string,
  gone: Promise<void>,
): Promise<RunParts> {
  const steady = await runSession(steadySession(context, profile, gone))
  const sessions = [steady]
  const parts: RunParts = { ...NOTHING_MORE, sessions }
  // What is over or cannot be reached needs no further phases.
  if (context.signal.aborted || steady.unreachable || !steady.targetAlive) return parts
  const slow = await runSession(slowSession(context, profile, origin, gone, steady))
  sessions.push(slow)
  if (context.signal.aborted || !slow.targetAlive) return parts
  const { count, connections } = profile.cycles
  const onCycle = (done: number): void =>
    context.progress.note(`cycles · ${done}/${count} of ${connections} connections each`)
  onCycle(0)
  const leakPart = await runLeakPart({
    origin,
    clock: context.clock,
    count,
    connections,
    signal: context.signal,
    onCycle,
  })
  const { leaks, verdict, phase, targetAlive } = leakPart
  return { ...parts, leaks, verdicts: [verdict], phases: [phase], targetAlive }
}

/** What can be done to a server that belongs to somebody else: load it and look. */
async function external(context: RunContext, profile: BenchProfile): Promise<RunParts> {
  const options = steadySession(context, profile, null)
  const session = await runSession({ ...options, phases: options.phases.slice(0, 1) })
  const skipped =
    'an external target is only put under steady load: the interruption, the slow readers and the leak cycles need the reference server'
  return { ...NOTHING_MORE, sessions: [session], warnings: [skipped] }
}

function steadySession(context: RunContext, profile: BenchProfile, gone: Promise<void> | null): SessionOptions {
  const { plan, clock, signal, sink, progress } = context
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
    after: gone === null ? 0 : planDuration(profile.slowReaders.duration) + SLOW_SETTLE + cyclesTime(profile),
    clock,
    signal,
    sink,
    onProgress: progress.listener,
    targetGone: gone,
    launcher: [],
  }
}

function slowSession(
  context: RunContext,
  profile: BenchProfile,
  origin: string,
  gone: Promise<void>,
  before: SessionResult,
): SessionOptions {
  const { connections, share, duration } = profile.slowReaders
  const { rate, size, bytesPerSecond } = SLOW_STREAM
  const plan: RunPlan = {
    ...context.plan,
    target: { ...context.plan.target, url: `${origin}/events?channel=bulk&rate=${rate}&size=${size}` },
    load: { ...context.plan.load, connections, ramp: '500ms', warmUp: '0s', duration, settle: '2s' },
    mix: { steady: 100 - share, 'slow-reader': share },
    slowReader: { bytesPerSecond },
    workers: 1,
  }
  return {
    ...steadySession(context, profile, gone),
    plan,
    phases: [{ name: 'measure', duration: planDuration(duration) }],
    name: 'slow-readers/',
    after: cyclesTime(profile),
    firstStream: before.workers.reduce((sum, worker) => sum + worker.users, 0),
  }
}
