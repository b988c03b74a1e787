import { stat } from 'node:fs/promises'

import { UsageError } from '../model/exit-codes.ts'
import type { Microseconds } from '../model/units.ts'
import { parseDuration } from '../model/units.ts'
import type { K6Binary } from './binary.ts'
import { runCommand } from './command.ts'
import { k6Environment, SEES_ENVIRONMENT } from './environment.ts'
import { K6Log } from './log.ts'

/** Init code runs before every virtual user; a script that takes this long for one is not going to work. */
const LIMIT_MS = 30_000

export interface InspectOptions {
  /** Variables of the script. */
  env: Readonly<Record<string, string>>
  /** As they are passed on to `k6 run`. */
  args: readonly string[]
  signal?: AbortSignal
  limitMs?: number
}

export interface ScriptFacts {
  maxVUs: number
  /** With ramp-down and graceful stop; null: without end. */
  totalDurationUs: Microseconds | null
}

/**
 * What a script will need, found out by running its init code.
 * @throws {UsageError} when k6 cannot run it: it is not there, does not compile, throws, or never ends.
 */
export async function inspectScript(
  binary: K6Binary,
  script: string,
  { env, args, signal, limitMs = LIMIT_MS }: InspectOptions,
): Promise<ScriptFacts> {
  await expectFile(script)
  const { options, flags } = translate(args)
  const log = new K6Log(() => {})
  const { code, stdout, timedOut } = await runCommand(
    binary.path,
    [
      'inspect',
      '--execution-requirements',
      '--log-format=json',
      '--log-output=stderr',
      '--no-color',
      SEES_ENVIRONMENT,
      ...flags,
      script,
    ],
    { env: { ...k6Environment(env), ...options }, signal, limitMs, onError: (line) => log.line(line) },
  )
  if (timedOut)
    throw new UsageError([
      `${script}: its init code did not end within ${limitMs / 1000} s; look for a loop outside of its functions`,
    ])
  if (code !== 0) throw new UsageError(sentences(binary, script, log.errors))
  return parseFacts(stdout)
}

async function expectFile(script: string): Promise<void> {
  // k6 fetches such a script itself.
  if (/^https?:\/\//.test(script)) return
  const isFile = await stat(script)
    .then((entry) => entry.isFile())
    .catch(() => false)
  if (!isFile) throw new UsageError([`${script} is no file; give the path of a k6 script`])
}

function sentences(binary: K6Binary, script: string, errors: readonly string[]): string[] {
  if (errors.length === 0)
    return [`${script}: k6 refuses it and does not say why; try \`${binary.path} inspect ${script}\``]
  return errors.map((error) => {
    if (/unknown modules \[.*"k6\/x\//.test(error)) {
      const modules = /\[(.*?)\]/.exec(error)?.[1]?.replaceAll('"', '')
      return `${script} imports ${modules}, which ${binary.path} does not have; unset K6_BIN, or build a k6 with that module`
    }
    return `${script}: ${error.replace(/\. Make sure that you've specified the right path.*$/, '')}`
  })
}

function parseFacts(stdout: string): ScriptFacts {
  const { maxVUs, totalDuration } = JSON.parse(stdout) as { maxVUs: number; totalDuration: string }
  const totalDurationUs = parseDuration(totalDuration)
  return { maxVUs, totalDurationUs: totalDurationUs === 0 ? null : totalDurationUs }
}

/** Flags of `k6 run` that change what is needed. `k6 inspect` knows none of them, but the variables beside them. */
const VARIABLES: Readonly<Record<string, string>> = {
  '--vus': 'K6_VUS',
  '-u': 'K6_VUS',
  '--duration': 'K6_DURATION',
  '-d': 'K6_DURATION',
  '--iterations': 'K6_ITERATIONS',
  '-i': 'K6_ITERATIONS',
  '--stage': 'K6_STAGES',
  '-s': 'K6_STAGES',
  '--execution-segment': 'K6_EXECUTION_SEGMENT',
  '--compatibility-mode': 'K6_COMPATIBILITY_MODE',
  '--config': 'K6_CONFIG',
  '-c': 'K6_CONFIG',
}

export function translate(args: readonly string[]): { options: Record<string, string>; flags: string[] } {
  const options: Record<string, string> = {}
  const flags: string[] = []
  for (const [index, arg] of args.entries()) {
    const [name = '', ...rest] = arg.split('=')
    const value = rest.length > 0 ? rest.join('=') : args[index + 1]
    if (value === undefined) continue
    if (name === '--env' || name === '-e') flags.push('--env', value)
    const variable = VARIABLES[name]
    if (variable === undefined) continue
    // Stages add up.
    const before = variable === 'K6_STAGES' ? options[variable] : undefined
    options[variable] = before === undefined ? value : `${before},${value}`
  }
  return { options, flags }
}
