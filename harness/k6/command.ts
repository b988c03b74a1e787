import type { Readable } from 'node:stream'

import { LineSplitter } from './lines.ts'
import type { Ending } from './process-group.ts'
import { startGroup } from './process-group.ts'

/** More of an output than this is cut off; what is run here prints some kilobytes. */
const MOST_CHARACTERS = 2 ** 24

export interface Finished extends Ending {
  stdout: string
  timedOut: boolean
}

export interface CommandOptions {
  env: NodeJS.ProcessEnv
  cwd?: string
  signal?: AbortSignal | undefined
  limitMs?: number
  onError?: (line: string) => void
}

/**
 * Runs a program to its end, whatever its exit code. Over the limit or on abort its group is killed; an abort rejects
 * with the signal's reason, once nothing of the group is left.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  { env, cwd, signal, limitMs, onError = () => {} }: CommandOptions,
): Promise<Finished> {
  signal?.throwIfAborted()
  const group = startGroup(command, args, { env, ...(cwd !== undefined && { cwd }), stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let timedOut = false
  onText(group.child.stdout, (text) => {
    if (stdout.length < MOST_CHARACTERS) stdout += text
  })
  const errors = new LineSplitter(onError)
  onText(group.child.stderr, (text) => errors.write(text))
  const stop = () => {
    timedOut = true
    group.kill()
  }
  const timer = limitMs === undefined ? undefined : setTimeout(stop, limitMs)
  const abort = () => group.kill()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    const ending = await group.ended
    errors.end()
    signal?.throwIfAborted()
    return { ...ending, stdout, timedOut }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

/** UTF-8 text of a pipe; a character that is split over two chunks comes whole. */
export function onText(stream: Readable | null, take: (text: string) => void): void {
  stream?.setEncoding('utf8').on('data', take)
}
