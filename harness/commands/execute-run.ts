import path from 'node:path'

import { SystemClock } from '../measure/clock.ts'
import type { Clock } from '../measure/clock.ts'
import { EXIT } from '../model/exit-codes.ts'
import type { K6Plan, RunPlan } from '../model/plan.ts'
import type { Leaks, Phase, RunRecord, Verdict } from '../model/record.ts'
import { redactArguments } from '../plan/secrets.ts'
import { renderText } from '../results/formats/text.ts'
import { viewOf } from '../results/view.ts'
import { IntervalLog } from '../results/intervals.ts'
import { newRunId } from '../results/run-id.ts'
import { discardUnfinished } from '../results/unfinished.ts'
import { checkOut, writeRun } from '../results/write.ts'
import { buildRecord } from '../run/build-record.ts'
import type { IntervalSink } from '../run/collector.ts'
import { readEnvironment } from '../run/environment.ts'
import type { SessionResult } from '../run/session-types.ts'
import type { CommonFlags } from './common-options.ts'
import { ProgressLine } from './progress-line.ts'
import { answer, colorWanted, say } from './terminal.ts'

/** What there is before anything is started. */
export interface SetUpContext {
  signal: AbortSignal
  progress: ProgressLine
}

/** What a scenario is given to run with. */
export interface RunContext {
  clock: Clock
  signal: AbortSignal
  sink: IntervalSink
  progress: ProgressLine
}

/** What a scenario gives back; the rest of the record follows from it. */
export interface RunParts {
  sessions: SessionResult[]
  leaks: Leaks | null
  verdicts: Verdict[]
  phases: Phase[]
  warnings: string[]
  /** Measured phases that the top-level steady figures come from; null: all. */
  headline: string[] | null
  /** The target still answered after everything that was done outside of the sessions. */
  targetAlive: boolean
  /** The plan as it may be shown, where more of it is known now than before. */
  shown?: K6Plan
}

/** What a command does once whatever it needs is up. */
export interface Scenario {
  /** The plan as it may be shown. */
  shown: RunPlan | K6Plan
  /** Names of further headers whose values are cut out of the command line. */
  secretHeaders: readonly string[]
  run: (context: RunContext) => Promise<RunParts>
  /** Ends what `setUp` has started. */
  close?: () => Promise<void>
}

/**
 * From a checked plan to a written record and an exit code; the same for every command that generates load. Signals are
 * heeded and the reports folder is checked before `setUp` starts anything.
 */
export async function executeRun(
  flags: CommonFlags,
  setUp: (context: SetUpContext) => Promise<Scenario>,
): Promise<number> {
  await checkOut(flags.out)
  const clock = new SystemClock()
  const id = newRunId(new Date(), Math.random)
  const tidyUp = (): void => discardUnfinished(flags.out, id)
  process.on('exit', tidyUp)
  const log = new IntervalLog(path.join(flags.out, `.${id}.intervals-${process.pid}`), clock.now())
  const progress = new ProgressLine(flags.quiet)
  const abort = abortOnSignal(() => progress.stopping())
  let scenario: Scenario | null = null
  let record: RunRecord
  let folder: string
  try {
    scenario = await setUp({ signal: abort.signal, progress })
    const sink: IntervalSink = (key, start, end, counts) => log.append(key, start, end, counts)
    const environment = readEnvironment()
    const parts = await scenario.run({ clock, signal: abort.signal, sink, progress })
    record = buildRecord({
      id,
      command: redactArguments(['sse-harness', ...process.argv.slice(2)], scenario.secretHeaders),
      plan: parts.shown ?? scenario.shown,
      environment,
      sessions: parts.sessions,
      leaks: parts.leaks,
      extraVerdicts: parts.verdicts,
      extraPhases: parts.phases,
      warnings: parts.warnings,
      headline: parts.headline,
      targetAlive: parts.targetAlive,
      aborted: abort.signal.aborted,
    })
    progress.note('writing the record')
    folder = await writeRun(flags.out, record, log.finish())
  } catch (error) {
    log.discard()
    // Nothing had begun that a record could be of.
    if (scenario === null && abort.signal.aborted) return stopped(flags)
    throw error
  } finally {
    await scenario?.close?.()
    progress.clear()
    abort.close()
    process.off('exit', tidyUp)
  }
  say(flags, renderText(viewOf(record), { color: colorWanted(flags) }))
  say(flags, `\n${folder}`)
  answer(flags, {
    status: record.status,
    exitCode: record.exitCode,
    runId: id,
    runDir: folder,
    verdicts: record.verdicts,
  })
  return record.exitCode
}

function stopped(flags: CommonFlags): number {
  answer(flags, { status: 'aborted', exitCode: EXIT.aborted })
  return EXIT.aborted
}

/** Ctrl-C ends the run early and still writes its record; a second one ends at once. */
function abortOnSignal(onAbort: () => void): { signal: AbortSignal; close: () => void } {
  const controller = new AbortController()
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.aborted)
    controller.abort()
    onAbort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    signal: controller.signal,
    close: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}
