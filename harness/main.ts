#!/usr/bin/env node
/** Entry of the command line: one command a file under commands/, wiring only. */
import yargs from 'yargs'

import { benchCommand } from './commands/bench.ts'
import { loadCommand } from './commands/load.ts'
import { reportCommand } from './commands/report.ts'
import { serveCommand } from './commands/serve.ts'
import { refuse } from './commands/terminal.ts'
import { UsageError } from './model/exit-codes.ts'
import { harnessVersion } from './run/environment.ts'

const argv = process.argv.slice(2)

try {
  await yargs(argv)
    .scriptName('sse-harness')
    .usage('$0 COMMAND\n\nLoad, resilience and leak testing for Server-Sent Events.')
    .command(benchCommand)
    .command(loadCommand)
    .command(serveCommand)
    .command(reportCommand)
    .demandCommand(1, 'name a command; sse-harness --help lists them')
    .strict()
    .version(harnessVersion())
    .help()
    .wrap(Math.min(110, process.stdout.columns || 110))
    // One place prints errors: yargs only says what they are.
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UsageError([message])
    })
    .parseAsync()
} catch (error) {
  process.exitCode = refuse(error, argv.includes('--json'))
}
