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
