import type { CommandModule } from 'yargs'

import { renderText } from '../results/formats/text.ts'
import { readRun } from '../results/read.ts'
import { viewOf } from '../results/view.ts'
import { renderInto } from '../results/write.ts'
import type { CommonFlags } from './common-options.ts'
import { commonOptions } from './common-options.ts'
import { colorWanted } from './terminal.ts'

export interface ReportOptions extends CommonFlags {
  run: string
  /** Where to write; the run's own folder when absent. */
  to?: string | undefined
}

export interface Output {
  stdout: (text: string) => void
  stderr: (text: string) => void
}

/**
 * Renders a record again, from the record alone, and prints its summary. A failed run can be reported without failing:
 * its status is in the output, and `gate` is there to judge.
 * @throws {UsageError} when there is no such run, it is not a record, or the folder cannot be written
 */
export async function report(options: ReportOptions, { stdout, stderr }: Output): Promise<void> {
  const { record, folder } = await readRun(options.run, options.out)
  const target = options.to ?? folder
  const files = await renderInto(target, record)
  // With --json the last line of stdout is for a script, so people's text goes the other way.
  const print = options.json ? stderr : stdout
  if (!options.quiet) {
    print(renderText(viewOf(record), { color: options.color }))
    print(`\nWritten: ${files.length} files in ${target}\n`)
  }
  if (!options.json) return
  const { id: runId, status, verdicts } = record
  stdout(`${JSON.stringify({ status, exitCode: 0, runId, runDir: target, verdicts })}\n`)
}

export const reportCommand: CommandModule<object, ReportOptions> = {
  command: 'report <run>',
  describe: 'Render a run record again: page, summary, JUnit and percentile listings',
  builder: (yargs) =>
    commonOptions(yargs)
      .positional('run', {
        type: 'string',
        demandOption: true,
        describe: 'Folder, run.json, id, start of an id, or latest',
      })
      .option('to', { type: 'string', nargs: 1, describe: "Folder to write to instead of the run's own" })
      .example('$0 report latest', 'the newest run in reports/')
      .example('$0 report 20261123-17 --to page', 'render a run by the start of its id, elsewhere'),
  handler: (args) =>
    report(
      { ...args, color: colorWanted(args) },
      {
        stdout: (text) => process.stdout.write(text),
        stderr: (text) => process.stderr.write(text),
      },
    ),
}
