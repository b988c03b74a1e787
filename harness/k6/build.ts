import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { rmSync } from 'node:fs'
import path from 'node:path'

import { runCommand } from './command.ts'
import { onExit } from './exit-hooks.ts'
import type { Go } from './go.ts'
import { goEnvironment } from './go.ts'

const FLAGS = ['-trimpath', '-buildvcs=false', '-mod=readonly', '-ldflags=-s -w']
/** Begins the name of a folder that somebody builds in. */
export const BUILD_PREFIX = 'build-'
const ATTEMPTS = 3

export interface BuildOptions {
  go: Go
  /** Of the Go module. */
  sources: string
  /** Where builds are kept. */
  cache: string
  /** Where this one is to be, below `cache`. */
  file: string
  env: NodeJS.ProcessEnv
  onProgress: (line: string) => void
  signal?: AbortSignal | undefined
}

/**
 * Builds beside the place and moves the result there in one step, so that builders who do the same at the same time do
 * not see each other. Returns null, or the first line that says why it failed.
 */
export async function buildK6({
  go,
  sources,
  cache,
  file,
  env,
  onProgress,
  signal,
}: BuildOptions): Promise<string | null> {
  await mkdir(cache, { recursive: true })
  const temp = await mkdtemp(path.join(cache, BUILD_PREFIX))
  const forget = onExit(() => rmSync(temp, { recursive: true, force: true }))
  const output = new BuildOutput(onProgress)
  onProgress('building k6 with the SSE module, once: about two minutes')
  try {
    const built = path.join(temp, 'k6')
    const { code } = await runCommand(go.path, ['build', '-v', ...FLAGS, '-o', built, '.'], {
      cwd: sources,
      // Its own temporary files are in there too: a Go that is killed leaves them.
      env: { ...goEnvironment(env), GOTMPDIR: temp },
      signal,
      onError: (line) => output.line(line),
    })
    if (code !== 0) return output.firstError ?? `go build ended with exit code ${code}`
    await moveTo(built, file)
    return null
  } finally {
    await rm(temp, { recursive: true, force: true })
    forget()
  }
}

async function moveTo(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await mkdir(path.dirname(to), { recursive: true })
      await rename(from, to)
      return
    } catch (error) {
      // Somebody has just removed the folder because it was empty.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === ATTEMPTS) throw error
    }
  }
}

const PACKAGES_A_LINE = 100
const DOWNLOADS_A_LINE = 20

/** What `go build -v` writes: modules as they are downloaded, packages as they are compiled, and errors. */
export class BuildOutput {
  firstError: string | null = null
  private compiled = 0
  private downloaded = 0
  private readonly onProgress: (line: string) => void

  constructor(onProgress: (line: string) => void) {
    this.onProgress = onProgress
  }

  line(line: string): void {
    if (/^go: (downloading|finding|extracting) /.test(line)) {
      this.downloaded += 1
      if (this.downloaded % DOWNLOADS_A_LINE === 1) this.onProgress(`downloading module ${this.downloaded} of k6`)
      return
    }
    // `# PACKAGE` stands before the errors of a package; a package alone has no space.
    if (line.startsWith('# ')) return
    if (/\s/.test(line)) {
      this.firstError ??= line.trim()
      return
    }
    this.compiled += 1
    if (this.compiled % PACKAGES_A_LINE === 0) this.onProgress(`${this.compiled} packages of k6 compiled`)
  }
}
