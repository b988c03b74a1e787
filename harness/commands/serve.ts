import { spawn } from 'node:child_process'
import path from 'node:path'

import type { CommandModule } from 'yargs'

import { EXIT } from '../model/exit-codes.ts'

const SERVER = path.resolve(import.meta.dirname, '../../server/main.js')

/** The reference server is a program of its own with options of its own; this only starts it and stays with it. */
export const serveCommand: CommandModule<object, object> = {
  command: 'serve',
  describe: 'The reference server alone; `serve --help` lists its options',
  builder: (yargs) => yargs.help(false).strict(false),
  handler: async () => {
    process.exitCode = await serve(process.argv.slice(process.argv.indexOf('serve') + 1))
  },
}

async function serve(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, ['--expose-gc', SERVER, '--exit-with-parent', ...args], {
    stdio: ['pipe', 'inherit', 'inherit'],
    // In a process group of its own, so that each signal reaches it once, by us: a second one ends the server at once.
    detached: true,
  })
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal)
  process.on('SIGINT', forward)
  process.on('SIGTERM', forward)
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? EXIT.ownFault : EXIT.aborted)))
    child.once('error', () => resolve(EXIT.ownFault))
  })
}
