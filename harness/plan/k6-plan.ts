import { UsageError } from '../model/exit-codes.ts'
import type { K6Plan } from '../model/plan.ts'
import type { Microseconds } from '../model/units.ts'
import { durationText, parseDuration } from '../model/units.ts'
import { loadPlan } from './load-plan.ts'
import { redactArguments, redactPair, resolveReferences } from './secrets.ts'

/** The command line of `k6`, as typed. */
export interface K6Input {
  script: string
  url: string | null
  env: readonly string[]
  vus: string | null
  duration: string | null
  /** Behind `--`: for k6 as they are. */
  further: readonly string[]
  acceptInconclusive: readonly string[]
}

/** What k6 is started with. */
export interface K6Request {
  url: string | null
  env: Record<string, string>
  args: string[]
}

/** What the script says of itself with these arguments. */
export interface K6Requirements {
  maxVUs: number
  totalDurationUs: Microseconds | null
}

/** Stands for a target that only the script knows, while everything else is checked. */
const UNKNOWN_URL = 'http://127.0.0.1/'
/** k6's own random draws are not ours to seed. */
const NO_SEED = 0

/** Every fault of the flags at once, or what to start k6 with. */
export function k6Request(input: K6Input, environment: NodeJS.ProcessEnv = process.env): K6Request {
  const { url, vus, duration, further, acceptInconclusive } = input
  const faults: string[] = []
  const env: Record<string, string> = url === null ? {} : { SSE_URL: resolveReferences(url, environment) }
  for (const pair of input.env) {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)$/.exec(pair) ?? []
    // The value may be a secret, so nothing is repeated.
    if (name === undefined || value === undefined) faults.push('--env: one is not of the form NAME=VALUE')
    else env[name] = value
  }
  if (vus !== null && !/^[1-9]\d*$/.test(vus))
    faults.push(`--vus: ${JSON.stringify(vus)} is not a whole number from 1 on`)
  if (duration !== null && (parseDuration(duration) ?? 0) === 0)
    faults.push(`--duration: "${duration}" is not a duration; write a number with its unit, such as 30s or 2m`)
  try {
    loadPlan({ target: { url: url ?? UNKNOWN_URL }, acceptInconclusive: [...acceptInconclusive] }, environment)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    faults.push(...error.faults)
  }
  if (faults.length > 0) throw new UsageError(faults)
  const args = [...(vus === null ? [] : ['--vus', vus]), ...(duration === null ? [] : ['--duration', duration])]
  return { url, env, args: [...args, ...further] }
}

/** The part of the record that says what was run, with its secrets cut out. */
export function k6Plan(input: K6Input, { maxVUs, totalDurationUs }: K6Requirements): K6Plan {
  const { script, url, acceptInconclusive } = input
  const redacted: string[] = []
  const env: Record<string, string> = {}
  for (const pair of input.env) {
    const name = pair.slice(0, pair.indexOf('='))
    const shown = redactPair(pair)
    if (shown !== pair) redacted.push(`k6.env.${name}`)
    env[name] = shown.slice(name.length + 1)
  }
  const further = redactArguments(input.further, [])
  if (further.join('\n') !== input.further.join('\n')) redacted.push('k6.arguments')
  const target = url === null ? null : loadPlan({ target: { url } }).shown
  return {
    target: { url: target?.target.url ?? null },
    k6: {
      script,
      env,
      arguments: further,
      vus: maxVUs,
      totalDuration: totalDurationUs === null ? null : durationText(totalDurationUs),
    },
    load: { connections: maxVUs, duration: input.duration },
    thresholds: [],
    seed: NO_SEED,
    acceptInconclusive: [...acceptInconclusive],
    redacted: [...(target?.redacted ?? []), ...redacted],
  }
}
