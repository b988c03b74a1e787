import path from 'node:path'

import type { K6Binary } from '../k6/binary.ts'
import type { K6Run } from '../k6/run.ts'
import type { RunPlan } from '../model/plan.ts'
import { planDuration } from '../model/plan.ts'
import type { Microseconds } from '../model/units.ts'
import { US_PER_MS, US_PER_SECOND } from '../model/units.ts'
import { resolveReferences } from '../plan/secrets.ts'
import type { Limits } from './preflight.ts'
import { preflightFaults, readLimits } from './preflight.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
/** As it is recorded: the same everywhere. */
const SCRIPT = 'k6-scripts/load.ts'
/** Streams outlive the measured time by this, so that none ends in it. */
const OVERLAP: Microseconds = 200 * US_PER_MS
/** For k6 to start, and for what a script takes beyond its own plan. */
const SPARE: Microseconds = 150 * US_PER_SECOND
const START_UP: Microseconds = 2 * US_PER_SECOND

/** Why k6 cannot put the same load on the target; null when it can. */
export function mirrorFault(
  plan: RunPlan,
  { sse, path: file }: Pick<K6Binary, 'sse' | 'path'>,
  limits: Limits = readLimits(),
): string | null {
  const { load, mix, target } = plan
  if (!sse) return `${file} has no module k6/x/sse; unset K6_BIN to have one built that has it`
  if (load.arrivalRate !== null) return 'its script holds streams and has no arrival rate'
  if (Object.keys(mix).some((profile) => profile !== 'steady')) return 'its script has the profile steady alone'
  if (target.ca !== null) return 'k6 cannot be given a certificate authority'
  const [fault] = preflightFaults({ generator: 'k6', connections: load.connections, workers: 1, path: 'k6' }, limits)
  return fault ?? null
}

/** What a session of k6 has to be told so that it does what the steady session did. */
export interface Mirror {
  script: string
  shownScript: string
  env: Record<string, string>
  args: string[]
  measure: NonNullable<K6Run['measure']>
  limit: Microseconds
  length: Microseconds
  users: number
}

export function mirrorOf({ load, target, stamp, sequence }: RunPlan, env: NodeJS.ProcessEnv = process.env): Mirror {
  const [ramp, warmUp, steady] = [planDuration(load.ramp), planDuration(load.warmUp), planDuration(load.duration)]
  const resolve = (text: string): string => resolveReferences(text, env)
  const params = {
    method: target.method,
    headers: Object.fromEntries(Object.entries(target.headers).map(([name, value]) => [name, resolve(value)])),
    ...(target.body !== null && { body: resolve(target.body) }),
    ...(stamp !== null && { stamp }),
    ...(sequence !== null && { sequence }),
    reconnect: load.reconnect,
    ...(load.backoff !== null && { backoff: load.backoff }),
    connectTimeout: load.connectTimeout,
    headersTimeout: load.headersTimeout,
    ...(load.idleTimeout !== null && { idleTimeout: load.idleTimeout }),
    ...(load.maxEvents !== null && { maxEvents: load.maxEvents }),
    ...(load.until !== null && { until: load.until }),
  }
  return {
    script: path.join(ROOT, SCRIPT),
    shownScript: SCRIPT,
    env: {
      SSE_URL: resolve(target.url),
      SSE_CONNECTIONS: String(load.connections),
      SSE_RAMP: inMs(ramp),
      SSE_DURATION: inMs(warmUp + steady + OVERLAP),
      // Nobody has asked for a limit beyond those that end an attempt.
      SSE_MAX_OPEN: inMs(planDuration(load.connectTimeout) + planDuration(load.headersTimeout)),
      SSE_PARAMS: JSON.stringify(params),
    },
    args: target.insecure ? ['--insecure-skip-tls-verify'] : [],
    measure: { after: ramp + warmUp, length: steady },
    limit: ramp + warmUp + steady + SPARE,
    length: ramp + warmUp + steady + OVERLAP + START_UP,
    users: load.connections,
  }
}

/** The script's durations have no unit below. */
const inMs = (us: Microseconds): string => `${Math.max(1, Math.ceil(us / US_PER_MS))}ms`
