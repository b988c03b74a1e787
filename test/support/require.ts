import { spawnSync } from 'node:child_process'

/**
 * For tests that need something a bare machine may lack: true when it is there. When it is not, the tests are skipped with
 * a message, unless SSE_HARNESS_REQUIRE lists the name (CI does), because then a silent skip would be a hole.
 *
 *     describe.skipIf(!requirement('servers', existsSync(python), 'run `node scripts/third-party.mjs`'))(...)
 */
export function requirement(name: string, available: boolean, howToGet: string): boolean {
  if (available) return true
  const required = (process.env['SSE_HARNESS_REQUIRE'] ?? '').split(',').map((item) => item.trim())
  if (required.includes(name)) {
    throw new Error(`SSE_HARNESS_REQUIRE asks for "${name}", which is not here; ${howToGet}.`)
  }
  console.warn(`skipped: "${name}" is not here; ${howToGet}.`)
  return false
}

/** Ours is built with Go when it is asked for, so that is what has to be there. */
export const HAS_K6 =
  (process.env['K6_BIN'] ?? '') !== '' ||
  ['go', '/usr/local/go/bin/go'].some((go) => {
    const [, major, minor] = / go(\d+)\.(\d+)/.exec(spawnSync(go, ['version'], { encoding: 'utf8' }).stdout ?? '') ?? []
    return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 25)
  })
export const HOW_TO_GET_K6 = 'install Go 1.25 or later, or set K6_BIN to a k6 binary'
