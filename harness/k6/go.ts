import { runCommand } from './command.ts'

/** The second is where the installer of Go puts it, which is not on the PATH of every shell. */
export const GO_PLACES: readonly string[] = ['go', '/usr/local/go/bin/go']
const LIMIT_MS = 20_000

export interface Go {
  path: string
  /** `go1.26.8 linux/amd64` */
  version: string
}

/** The first Go that is not too old, or one line that says what is missing. */
export async function findGo(
  [major, minor]: readonly [number, number],
  places: readonly string[],
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<Go | { missing: string }> {
  const remedy = `install Go ${major}.${minor} or later (go.dev/dl), or set K6_BIN to a k6 binary`
  let tooOld: string | null = null
  for (const place of places) {
    const version = await versionOf(place, goEnvironment(env), signal)
    if (version === null) continue
    const [, itsMajor, itsMinor] = /^go(\d+)\.(\d+)/.exec(version) ?? []
    // Versions like `devel go1.27-abc` have no number to go by: the build itself will say.
    const isEnough =
      itsMajor === undefined ||
      Number(itsMajor) > major ||
      (Number(itsMajor) === major && Number(itsMinor ?? 0) >= minor)
    if (isEnough) return { path: place, version }
    tooOld ??= version
  }
  return { missing: tooOld === null ? `there is no Go here; ${remedy}` : `${tooOld} is too old; ${remedy}` }
}

async function versionOf(place: string, env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<string | null> {
  try {
    const { stdout } = await runCommand(place, ['version'], { env, signal, limitMs: LIMIT_MS })
    return /^go version (.+)$/m.exec(stdout)?.[1]?.trim() ?? null
  } catch {
    signal?.throwIfAborted()
    return null
  }
}

/** What a user has set for other work must not change what is built, nor for which machine. */
export function goEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const flags = (env['GOFLAGS'] ?? '').split(/\s+/).filter((flag) => !/^--?mod=/.test(flag))
  return {
    ...env,
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
    GOOS: '',
    GOARCH: '',
    CGO_ENABLED: '0',
    GOFLAGS: flags.join(' '),
  }
}
