import { EXIT, UsageError } from '../model/exit-codes.ts'
import type { ExitCode } from '../model/exit-codes.ts'

/** What the last line of stdout is with --json. */
export type JsonAnswer = Record<string, unknown> & { status: string; exitCode: number }

/** Where a command's words go: people read stderr when a program reads stdout. */
export interface Terminal {
  json: boolean
  quiet: boolean
}

/** Of a pipe it is undefined, whatever its type says, and the colour library takes that for "find out yourself". */
const isSeen = (stream: { isTTY?: boolean }): boolean => stream.isTTY ?? false

/** Colours: asked for, not refused by NO_COLOR, and somebody there to see them. */
export function colorWanted({ json, color }: { json: boolean; color: boolean }): boolean {
  return color && (process.env['NO_COLOR'] ?? '') === '' && isSeen(json ? process.stderr : process.stdout)
}

/** A line for a person; on stderr when stdout belongs to a program. */
export function say({ json, quiet }: Terminal, text: string): void {
  if (quiet) return
  ;(json ? process.stderr : process.stdout).write(`${text}\n`)
}

/** The one JSON object of a command. */
export function answer({ json }: Terminal, value: JsonAnswer): void {
  if (json) process.stdout.write(`${JSON.stringify(value)}\n`)
}

/**
 * The one place that turns an error into words and an exit code. Wrong input gets its sentences; anything else is a bug
 * of ours and keeps its stack.
 */
export function refuse(error: unknown, json: boolean): ExitCode {
  const faults = error instanceof UsageError ? error.faults : null
  const exitCode = faults === null ? EXIT.ownFault : EXIT.usage
  const text =
    faults === null ? (error instanceof Error ? (error.stack ?? error.message) : String(error)) : faults.join('\n')
  process.stderr.write(
    faults === null
      ? `sse-harness: this is a bug of sse-harness\n${text}\n`
      : `${faults.map((fault) => `sse-harness: ${fault}`).join('\n')}\n`,
  )
  answer(
    { json, quiet: false },
    { status: 'error', exitCode, error: faults?.[0] ?? text.split('\n')[0] ?? '', faults: faults ?? [] },
  )
  return exitCode
}
