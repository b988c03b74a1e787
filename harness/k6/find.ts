import { readdir, rm, rmdir, stat, utimes } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

import { UsageError } from '../model/exit-codes.ts'
import type { K6Binary } from './binary.ts'
import { describeK6 } from './binary.ts'
import { BUILD_PREFIX, buildK6 } from './build.ts'
import { findGo, GO_PLACES } from './go.ts'
import { cacheKey, EXTENSION, neededGo, readSources } from './sources.ts'

const DAY_MS = 86_400_000
const KEPT_DAYS = 30

export type { K6Binary } from './binary.ts'

export interface FindOptions {
  env: NodeJS.ProcessEnv
  onProgress: (line: string) => void
  signal?: AbortSignal
  /** Folder of the Go module. */
  sources?: string
  /** Where to look for Go. */
  goPlaces?: readonly string[]
}

export type FoundK6 = { binary: K6Binary } | { missing: string }

/**
 * The k6 to use: that of `K6_BIN`, or ours, from the cache or built with the Go of this machine.
 * @throws {UsageError} when `K6_BIN` is no k6.
 */
export async function findK6({
  env,
  onProgress,
  signal,
  sources = EXTENSION,
  goPlaces = GO_PLACES,
}: FindOptions): Promise<FoundK6> {
  const given = env['K6_BIN'] ?? ''
  if (given !== '') return { binary: await givenK6(given, env, signal) }
  const files = await readSources(sources)
  if (files === null) return { missing: `the sources of our k6 are not in ${sources}; set K6_BIN to a k6 binary` }
  const go = await findGo(neededGo(files), goPlaces, env, signal)
  if ('missing' in go) return go
  const cache = cacheFolder(env)
  const key = cacheKey(files, go.version)
  const file = path.join(cache, key, 'k6')
  let binary = await describeK6(file, 'cache', env, signal)
  if (binary === null) {
    const failure = await tryBuild({ go, sources, cache, file, env, onProgress, signal })
    binary = failure === null ? await describeK6(file, 'built', env, signal) : null
    if (binary === null)
      return {
        missing: `k6 could not be built: ${failure ?? 'it does not run'}; mend that, or set K6_BIN to a k6 binary`,
      }
  }
  await keepHouse(cache, file)
  return { binary }
}

async function tryBuild(options: Parameters<typeof buildK6>[0]): Promise<string | null> {
  try {
    return await buildK6(options)
  } catch (error) {
    options.signal?.throwIfAborted()
    // A cache folder that cannot be written is no bug: without k6 there is still something to measure.
    if (error instanceof Error && 'code' in error) return error.message
    throw error
  }
}

async function givenK6(given: string, env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<K6Binary> {
  const remedy = 'give the path of a k6 binary, or unset it to have ours built'
  const candidates = given.includes(path.sep)
    ? [path.resolve(given)]
    : [path.resolve(given), ...(env['PATH'] ?? '').split(path.delimiter).map((folder) => path.join(folder, given))]
  for (const candidate of candidates) {
    const isFile = await stat(candidate)
      .then((entry) => entry.isFile())
      .catch(() => false)
    if (!isFile) continue
    const binary = await describeK6(candidate, 'K6_BIN', env, signal)
    if (binary !== null) return binary
    throw new UsageError([`K6_BIN is ${given}, which is no k6 that runs here; ${remedy}`])
  }
  throw new UsageError([`K6_BIN is ${given}, which is no file; ${remedy}`])
}

function cacheFolder(env: NodeJS.ProcessEnv): string {
  const set = env['XDG_CACHE_HOME'] ?? ''
  // The specification has relative paths ignored.
  const base = path.isAbsolute(set) ? set : path.join(env['HOME'] ?? os.homedir(), '.cache')
  return path.join(base, 'sse-harness', 'k6')
}

/** Marks the binary as used and removes what nobody has used for long. Failing at that must not stop a run. */
async function keepHouse(cache: string, file: string): Promise<void> {
  const now = Date.now()
  await utimes(file, now / 1000, now / 1000).catch(() => {})
  for (const name of await readdir(cache).catch(() => [])) {
    const entry = path.join(cache, name)
    // Left by a builder that was killed; no build takes a day.
    if (name.startsWith(BUILD_PREFIX)) await removeOlder(entry, now - DAY_MS)
    if (!/^[0-9a-f]{64}$/.test(name) || entry === path.dirname(file)) continue
    await removeOlder(path.join(entry, 'k6'), now - KEPT_DAYS * DAY_MS)
    // Fails, as it should, while something is in there.
    await rmdir(entry).catch(() => {})
  }
}

async function removeOlder(entry: string, time: number): Promise<void> {
  const modified = await stat(entry)
    .then(({ mtimeMs }) => mtimeMs)
    .catch(() => Infinity)
  if (modified < time) await rm(entry, { recursive: true, force: true }).catch(() => {})
}
