import picocolors from 'picocolors'
import type { CommandModule } from 'yargs'

import { renderText } from '../results/formats/text.ts'
import { readRun } from '../results/read.ts'
import { viewOf } from '../results/view.ts'
import { renderInto } from '../results/write.ts'

export interface ReportOptions {
  run: string
  /** Where runs are looked for by id. */
  out: string
  /** Where to write; the run's own folder when absent. */
  to?: string | undefined
  json: boolean
  quiet: boolean
  color: boolean
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

interface Arguments {
  run: string
  out: string
  to?: string | undefined
  json: boolean
  quiet: boolean
  color: boolean
}

export const reportCommand: CommandModule<object, Arguments> = {
  command: 'report <run>',
  describe: 'Render a run record again: page, summary, JUnit and percentile listings',
  builder: (yargs) =>
    yargs
      .positional('run', {
        type: 'string',
        demandOption: true,
        describe: 'folder, run.json, id, start of an id, or latest',
      })
      .option('out', { type: 'string', nargs: 1, default: 'reports', describe: 'folder of the runs' })
      .option('to', { type: 'string', nargs: 1, describe: "folder to write to instead of the run's own" })
      .option('json', { type: 'boolean', default: false, describe: 'last line of stdout is one JSON object' })
      .option('quiet', { type: 'boolean', default: false, describe: 'print no summary' })
      .option('color', { type: 'boolean', default: picocolors.isColorSupported, describe: 'colours in the summary' })
      .example('$0 report latest', 'the newest run in reports/')
      .example('$0 report reports/20261123-171530-412-a1b2c3 --to /tmp/page', 'render elsewhere'),
  handler: (args) =>
    report(args, {
      stdout: (text) => process.stdout.write(text),
      stderr: (text) => process.stderr.write(text),
    }),
}
