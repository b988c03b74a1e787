import type { Argv } from 'yargs'

/** Flags that every command has. */
export function commonOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('out', { type: 'string', nargs: 1, default: 'reports', describe: 'Folder for run records' })
    .option('json', {
      type: 'boolean',
      default: false,
      describe: 'Last stdout line is one JSON object; words go to stderr',
    })
    .option('quiet', { type: 'boolean', default: false, describe: 'No progress and no summary' })
    .option('color', { type: 'boolean', default: true, describe: 'Colours; --no-color or NO_COLOR turns them off' })
}
export interface CommonFlags {
  out: string
  json: boolean
  quiet: boolean
  color: boolean
}
