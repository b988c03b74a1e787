import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import type { K6Binary } from '../../harness/k6/find.ts'
import { findK6 } from '../../harness/k6/find.ts'
import type { CliResult, CliRun, CommandLine } from './cli.ts'
import { commandOf, HAS_PROC, isRunning, until } from './processes.ts'

export const SCRIPTS = path.resolve(import.meta.dirname, '../../k6-scripts')
/** A cold build on a busy machine. */
export const BUILD_LIMIT_MS = 900_000
const MOST_ATTEMPTS = 8
const PAUSE_MS = 1000

/** Makes sure that it is built before a test that has less time asks for it. */
export async function builtK6(): Promise<K6Binary> {
  const found = await findK6({ env: process.env, onProgress: (line) => console.warn(line) })
  if ('missing' in found) throw new Error(found.missing)
  return found.binary
}

/**
 * A run whose figures this machine has spoilt, because something else had its cores, says so and is void: that is no
 * finding about what is tested, so the run is made again. `run` starts all that it needs anew.
 */
export async function untilNotVoid<T extends { result: CliResult }>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const done = await run()
    if (done.result.answer?.status !== 'void' || attempt === MOST_ATTEMPTS) return done
    // Whatever it is may be over by then.
    await new Promise((resolve) => setTimeout(resolve, attempt * PAUSE_MS))
    console.warn(`void, and so once more: ${done.result.record?.void.map(({ rule }) => rule).join(', ')}`)
  }
}

export interface K6Flags {
  url?: string
  /** Variables of the script, by `--env`. */
  env?: Readonly<Record<string, string>>
  flags?: readonly string[]
  /** What follows `--`, and so is for k6. */
  further?: readonly string[]
  /** The environment of the CLI. */
  processEnv?: NodeJS.ProcessEnv
  ownGroup?: boolean
}

/** `sse-harness k6`, started so that everything that it leaves behind can be told. */
export class K6Run {
  readonly run: CliRun
  /** Holds its temporary folder and, if it is one of a test, the script. */
  private readonly folder: string
  private readonly temp: string

  /** `script`: one of k6-scripts by its name, a path, or the text of one. */
  constructor(cli: CommandLine, script: string, flags: K6Flags = {}) {
    const { url, env = {}, further, processEnv, ownGroup = false } = flags
    this.folder = cli.folder()
    this.temp = path.join(this.folder, 'tmp')
    mkdirSync(this.temp)
    const args = ['k6', this.place(script)]
    if (url !== undefined) args.push('--url', url)
    for (const [name, value] of Object.entries(env)) args.push('--env', `${name}=${value}`)
    args.push(...(flags.flags ?? []))
    // These would be k6's as well if they came after it.
    if (further !== undefined) args.push('--out', path.join(this.folder, 'reports'), '--json', '--', ...further)
    this.run = cli.start(args, { env: { ...processEnv, TMPDIR: this.temp }, ownGroup, bare: further !== undefined })
  }

  private place(script: string): string {
    if (/^[\w-]+$/.test(script)) return path.join(SCRIPTS, `${script}.ts`)
    if (!script.includes('\n')) return path.resolve(this.folder, script)
    const file = path.join(this.folder, 'script.js')
    writeFileSync(file, script)
    return file
  }

  /** k6 itself, once it runs the script; it is looked at (`k6 inspect`) by another process before. */
  k6(): Promise<number> {
    return until('k6', () => this.run.children().find((pid) => / run .* --summary-export=/.test(commandOf(pid))))
  }

  /** The end of the run, after which no process and no temporary file of it is left. */
  async finished(): Promise<CliResult> {
    const result = await this.run.finished
    const left = [...readdirSync(this.temp), ...(HAS_PROC ? processesOf(this.folder) : [])]
    if (left.length > 0) throw new Error(`the run has ended and left ${left.join(', ')}`)
    return result
  }
}

/** Running processes whose command line names this. */
function processesOf(name: string): string[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  return pids
    .filter((pid) => isRunning(Number(pid)))
    .map((pid) => commandOf(Number(pid)))
    .filter((command) => command.includes(name))
}
