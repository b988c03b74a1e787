import { runCommand } from './command.ts'

const LIMIT_MS = 20_000

export interface K6Binary {
  path: string
  version: string
  /** Has the output `sse-record`, so that a run is measured as one of ours. */
  records: boolean
  /** Has a module `k6/x/sse`, ours or that of xk6-sse. */
  sse: boolean
  origin: 'K6_BIN' | 'cache' | 'built'
}

/** What a k6 says of itself; null: it is none, or does not run here. */
export async function describeK6(
  path: string,
  origin: K6Binary['origin'],
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<K6Binary | null> {
  let stdout: string
  try {
    ;({ stdout } = await runCommand(path, ['version'], { env, signal, limitMs: LIMIT_MS }))
  } catch {
    signal?.throwIfAborted()
    return null
  }
  const facts = parseVersion(stdout)
  return facts === null ? null : { path, ...facts, origin }
}

/**
 * Of `k6 version`: `NAME v1.8.1 (go1.26.8, linux/amd64)`, where NAME is the name of the file, then one line an
 * extension, `  PATH VERSION, NAME [js]`. The JSON form would be easier, and is not there in every k6.
 */
export function parseVersion(text: string): Pick<K6Binary, 'version' | 'records' | 'sse'> | null {
  const version = /^.* v(\d\S*) \(.*\bgo\d/m.exec(text)?.[1]
  if (version === undefined) return null
  const has = (name: string) => text.split('\n').some((line) => line.trimEnd().endsWith(`, ${name}`))
  return { version, records: has('sse-record [output]'), sse: has('k6/x/sse [js]') }
}
