import type { K6Binary } from '../k6/binary.ts'
import { findK6 } from '../k6/find.ts'
import { runK6 } from '../k6/run.ts'
import { UsageError } from '../model/exit-codes.ts'
import type { RunPlan } from '../model/plan.ts'
import { K6_PREFIX } from '../model/record.ts'
import type { Microseconds } from '../model/units.ts'
import { mirrorFault, mirrorOf } from '../run/bench-k6.ts'
import type { K6SessionResult } from '../run/k6-session.ts'
import { runK6Session } from '../run/k6-session.ts'
import type { RunContext, SetUpContext } from './execute-run.ts'

export interface K6HalfFlags {
  k6: boolean
  'require-k6': boolean
}

/** What puts the steady load on the target once more; `skipped` says in one line why nothing does. */
export interface K6Half {
  binary: K6Binary | null
  skipped: string | null
}

/** Found, or built, before anything is started; with `--require-k6` there is no run without it. */
export async function findK6Half(
  flags: K6HalfFlags,
  plan: RunPlan,
  { signal, progress }: SetUpContext,
): Promise<K6Half> {
  if (!flags.k6) return { binary: null, skipped: null }
  const found = await findK6({ env: process.env, onProgress: (text) => progress.step(text), signal })
  const why = 'missing' in found ? found.missing : mirrorFault(plan, found.binary)
  if (why === null && 'binary' in found) return { binary: found.binary, skipped: null }
  if (flags['require-k6']) throw new UsageError([`--require-k6: the k6 half cannot be run: ${why}`])
  return { binary: null, skipped: `the k6 half was skipped: ${why}` }
}

/** How long the k6 half takes; nothing where there is none. */
export const k6Time = ({ binary }: K6Half, plan: RunPlan): Microseconds => (binary === null ? 0 : mirrorOf(plan).length)

/** The steady load of `plan` once more, by k6; null where there is no k6 half. */
export async function runK6Half(
  { binary }: K6Half,
  plan: RunPlan,
  context: RunContext,
  { after, targetGone }: { after: Microseconds; targetGone: Promise<void> | null },
): Promise<K6SessionResult | null> {
  if (binary === null) return null
  const { clock, signal, sink, progress } = context
  progress.note('k6 is starting')
  return runK6Session({
    ...mirrorOf(plan),
    run: runK6,
    binary,
    url: plan.target.url,
    name: K6_PREFIX,
    after,
    clock,
    signal,
    sink,
    onProgress: progress.listener,
    onOutput: (line) => progress.print(`k6: ${line}`),
    targetGone,
  })
}
