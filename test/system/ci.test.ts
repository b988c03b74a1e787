import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const run = promisify(execFile)

interface Outcome {
  code: number
  stdout: string
}
const outcome = (command: string, args: string[], cwd: string, env?: NodeJS.ProcessEnv): Promise<Outcome> =>
  run(command, args, { cwd, env: { ...process.env, ...env } }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
  )

/** Test files whose outcome is known, each a line. */
const FILES = {
  'mixed.test.mjs': [
    "import { expect, it } from 'vitest'",
    "it('passes', () => expect(1).toBe(1))",
    "it('passes too', () => expect(2).toBe(2))",
    "it('fails', () => expect(1).toBe(2))",
    "it.skip('is skipped', () => expect(1).toBe(2))",
    "it.todo('is to be written')",
  ],
  'green.test.mjs': ["import { expect, it } from 'vitest'", "it('passes', () => expect(1).toBe(1))"],
  'unloadable.test.mjs': ["throw new Error('not even loaded')"],
  'rejection.test.mjs': [
    "import { it } from 'vitest'",
    "it('passes, and something breaks outside', () => { Promise.reject(new Error('nobody waits for this')) })",
  ],
}

describe('the last line of a CI log', () => {
  let folder = ''
  beforeAll(async () => {
    // Inside the repository, so that vitest resolves.
    await mkdir(path.join(root, '.cache'), { recursive: true })
    folder = await mkdtemp(path.join(root, '.cache/ci-test-'))
    for (const [name, lines] of Object.entries(FILES)) await writeFile(path.join(folder, name), lines.join('\n'))
    await writeFile(path.join(folder, 'vitest.config.mjs'), 'export default {}')
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const summaryOf = async (...files: (keyof typeof FILES)[]) => {
    const report = path.join(folder, `${files.join('+')}.json`)
    const vitest = path.join(root, 'node_modules/vitest/vitest.mjs')
    const args = [vitest, 'run', '--reporter=json', `--outputFile=${report}`, ...files]
    const tested = await outcome(process.execPath, args, folder)
    const { code, stdout } = await summary(report, tested.code)
    return { code, last: stdout.trimEnd().split('\n').at(-1) }
  }
  const summary = (report: string, status: number) =>
    outcome(process.execPath, ['scripts/test-summary.mjs', report, String(status)], root)

  it('counts what passed', async () => {
    expect(await summaryOf('green.test.mjs')).toEqual({ code: 0, last: 'tests: 1 passed, 0 failed, 0 skipped' })
  })

  it('counts failures, skips and files that cannot be loaded, and fails', async () => {
    expect(await summaryOf('mixed.test.mjs', 'green.test.mjs', 'unloadable.test.mjs')).toEqual({
      code: 1,
      last: 'tests: 3 passed, 2 failed, 2 skipped',
    })
  })

  it('fails for an error outside the tests too', async () => {
    expect(await summaryOf('rejection.test.mjs')).toEqual({ code: 1, last: 'tests: 1 passed, 0 failed, 0 skipped' })
  })

  it('fails for failed tests even if it is told that all was well', async () => {
    await summaryOf('mixed.test.mjs')
    expect(await summary(path.join(folder, 'mixed.test.mjs.json'), 0)).toMatchObject({ code: 1 })
  })

  it('says that no test was run when there is no report', async () => {
    const line = 'tests: not run, because a step before them failed\n'
    expect(await summary('no-such-file', 0)).toEqual({ code: 1, stdout: line })
    expect(await summary('no-such-file', 2)).toEqual({ code: 2, stdout: line })
  })
})
