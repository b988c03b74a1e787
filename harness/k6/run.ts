import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'

import type { Cancel, Clock } from '../measure/clock.ts'
import { SystemClock } from '../measure/clock.ts'
import type { Microseconds } from '../model/units.ts'
import { US_PER_SECOND } from '../model/units.ts'
import type { K6Binary } from './binary.ts'
import { onText } from './command.ts'
import { decodeMessage } from './decode.ts'
import { k6Environment, SEES_ENVIRONMENT } from './environment.ts'
import { onExit } from './exit-hooks.ts'
import { JsonOutput } from './json-output.ts'
import { LineSplitter } from './lines.ts'
import { K6Log } from './log.ts'
import type { K6Message } from './messages.ts'
import type { K6Outcome } from './outcome.ts'
import type { Ending, ProcessGroup } from './process-group.ts'
import { startGroup } from './process-group.ts'
import { watchLoad } from './process-load.ts'
import { readThresholds } from './thresholds.ts'

export type { K6Outcome } from './outcome.ts'

/** From being asked to end to being killed. */
const GRACE: Microseconds = 15 * US_PER_SECOND
/** Where our output writes to: the first descriptor that no program has by itself. */
const PIPE = 3

export interface K6Run {
  binary: K6Binary
  script: string
  /** Variables of the script. They go the way of the environment, because anyone may read a command line. */
  env: Readonly<Record<string, string>>
  /** Passed on to `k6 run`. */
  args: readonly string[]
  /** What is measured: so long after the first stream, for so long; null: everything. */
  measure: { after: Microseconds; length: Microseconds } | null
  /** Longest time for the whole of it. */
  limit: Microseconds | null
  signal: AbortSignal
  clock?: Clock
  onMessage: (message: K6Message) => void
  /** What the script prints, and k6's warnings. */
  onOutput: (line: string) => void
}

/** Runs a script with k6 to its end; no process and no file is left, however that comes. */
export async function runK6(options: K6Run): Promise<K6Outcome> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sse-harness-k6-'))
  const forget = onExit(() => rmSync(folder, { recursive: true, force: true }))
  try {
    return await new Running(options, path.join(folder, 'summary.json')).outcome()
  } finally {
    await rm(folder, { recursive: true, force: true })
    forget()
  }
}

class Running {
  private readonly options: K6Run
  private readonly summary: string
  private readonly clock: Clock
  private readonly log: K6Log
  private group: ProcessGroup | null = null
  private readonly timers: Cancel[] = []
  private asked: 'overrun' | 'aborted' | null = null
  private started = false
  private complete = false
  /** Of ours, thrown while reading what k6 wrote. */
  private failure: { error: unknown } | null = null

  constructor(options: K6Run, summary: string) {
    this.options = options
    this.summary = summary
    this.clock = options.clock ?? new SystemClock()
    this.log = new K6Log(options.onOutput)
  }

  async outcome(): Promise<K6Outcome> {
    const { signal } = this.options
    const ending: Ending = signal.aborted ? { code: null, signal: null } : await this.run()
    if (signal.aborted) this.asked ??= 'aborted'
    if (this.failure !== null) throw this.failure.error
    return {
      exitCode: ending.code,
      signal: ending.signal,
      overrun: this.asked === 'overrun',
      aborted: this.asked === 'aborted',
      exceptions: this.log.exceptions,
      errors: this.log.errors,
      thresholds: (await readThresholds(this.summary)) ?? [],
      started: this.started,
      complete: this.complete,
    }
  }

  private async run(): Promise<Ending> {
    const { binary, env, limit, signal } = this.options
    const group = startGroup(binary.path, commandLine(this.options, this.summary), {
      env: { ...k6Environment(env), K6_NO_SUMMARY: 'false' },
      stdio: ['ignore', binary.records ? 'ignore' : 'pipe', 'pipe', binary.records ? 'pipe' : 'ignore'],
    })
    this.group = group
    const logLines = this.read(group.child.stderr, (line) => this.log.line(line))
    const finish = binary.records ? this.readOwn(group) : this.readForeign(group)
    if (limit !== null) this.timers.push(this.clock.after(limit, () => this.ask('overrun')))
    const abort = () => this.ask('aborted')
    signal.addEventListener('abort', abort, { once: true })
    try {
      const ending = await group.ended
      logLines.end()
      this.guard(() => finish(ending))
      // Without a stream there is no result, and nothing that could be missing.
      if (!this.started && ending.signal === null) this.complete = true
      return ending
    } finally {
      signal.removeEventListener('abort', abort)
      for (const cancel of this.timers) cancel()
    }
  }

  private readOwn({ child }: ProcessGroup): (ending: Ending) => void {
    const lines = this.read(child.stdio[PIPE] as Readable, (line) => this.take(decodeMessage(line)))
    // A line that k6 did not live to write to its end is none.
    return ({ signal }) => signal === null && lines.end()
  }

  private readForeign({ child }: ProcessGroup): (ending: Ending) => void {
    const load = watchLoad(child.pid ?? -1, this.clock)
    const output = new JsonOutput({ load, onMessage: (message) => this.take(message) })
    const lines = this.read(child.stdout, (line) => output.line(line))
    return ({ signal }) => {
      // Killed, it has not written all that it had.
      if (signal !== null) return
      lines.end()
      output.finish()
    }
  }

  private take(message: K6Message): void {
    if (message.type === 'start') this.started = true
    if (message.type === 'result') this.complete = true
    this.options.onMessage(message)
  }

  private read(stream: Readable | null, onLine: (line: string) => void): LineSplitter {
    const lines = new LineSplitter(onLine)
    onText(stream, (text) => this.guard(() => lines.write(text)))
    return lines
  }

  /** An error of ours in the midst of reading ends the run: thrown there, nobody would catch it. */
  private guard(work: () => void): void {
    if (this.failure !== null) return
    try {
      work()
    } catch (error) {
      this.failure = { error }
      this.group?.kill()
    }
  }

  /** Once only: at a second signal k6 stops at once and writes no result. */
  private ask(why: 'overrun' | 'aborted'): void {
    if (this.asked !== null) return
    this.asked = why
    this.group?.interrupt()
    this.timers.push(this.clock.after(GRACE, () => this.group?.kill()))
  }
}

/** Ours come last, because k6 takes the last of several. */
function commandLine({ binary, script, args, measure }: K6Run, summary: string): string[] {
  const part = measure === null ? '' : `,after=${measure.after},length=${measure.length}`
  // Named on the command line, an output replaces those of K6_OUT.
  const others = (process.env['K6_OUT'] ?? '').split(',').filter((output) => output !== '')
  return [
    'run',
    ...args,
    ...others.map((output) => `--out=${output}`),
    `--out=${binary.records ? `sse-record=/dev/fd/${PIPE}${part}` : 'json=-'}`,
    '--quiet',
    '--no-color',
    '--log-format=json',
    '--log-output=stderr',
    // No REST server, whose port two runs would fight for.
    '--address=',
    // There would be nobody to end the wait.
    '--linger=false',
    SEES_ENVIRONMENT,
    // In the form that has thresholds; only with a summary is there one.
    `--summary-export=${summary}`,
    '--new-machine-readable-summary=false',
    '--summary-mode=compact',
    ...(args.some((arg) => arg.startsWith('--no-summary')) ? ['--no-summary=false'] : []),
    script,
  ]
}
