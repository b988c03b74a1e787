import { findGo, GO_PLACES } from '../../harness/k6/go.ts'
import { EXTENSION, neededGo, readSources } from '../../harness/k6/sources.ts'

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
export const HAS_K6 = (process.env['K6_BIN'] ?? '') !== '' || (await hasGo())
export const HOW_TO_GET_K6 = 'install Go 1.25 or later, or set K6_BIN to a k6 binary'

async function hasGo(): Promise<boolean> {
  const needed = neededGo((await readSources(EXTENSION)) ?? [])
  return !('missing' in (await findGo(needed, GO_PLACES, process.env)))
}
