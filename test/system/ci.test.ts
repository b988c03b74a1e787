import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const run = promisify(execFile)

interface Outcome {
  code: number
  stdout: string
  stderr: string
}
const outcome = (command: string, args: string[], cwd: string, env?: NodeJS.ProcessEnv): Promise<Outcome> =>
  run(command, args, { cwd, env: { ...process.env, ...env } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Outcome) => ({ code, stdout, stderr }),
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
    expect(await summary('no-such-file', 0)).toMatchObject({ code: 1, stdout: line })
    expect(await summary('no-such-file', 2)).toMatchObject({ code: 2, stdout: line })
  })
})

/** Each notes that it was called, with what, and does no more; node also answers what `.ci/run` asks of its version. */
const FAKES = {
  node: `if [ "$1" = -e ]; then exec ${process.execPath} "$@"; fi`,
  npm: 'echo "required: $SSE_HARNESS_REQUIRE$K6_BIN$NODE_ENV" >> "$LOG"; if [ "$1" = run ]; then exit "${CHECK:-0}"; fi',
  go: 'echo "go version ${GO:-go1.26.8} linux/amd64"; exit',
  gcc: 'exit "${GCC:-0}"',
  chromium: '',
  python3: '',
  sudo: 'shift; exec "$@"',
  'apt-get': '',
}
const STEPS = [
  'npm ci --include=dev --ignore-scripts=false --no-audit --no-fund',
  'required: browser,servers,k6',
  'node scripts/third-party.mjs',
  'node scripts/k6.mjs',
  'npm run check',
  'required: browser,servers,k6',
]

describe('.ci/run on a machine where nothing is real', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'ci-run-'))
    await mkdir(path.join(folder, '.ci'))
    await mkdir(path.join(folder, 'bin'))
    const text = await readFile(path.join(root, '.ci/run'), 'utf8')
    // The Go of this machine is not that of the test.
    await writeFile(path.join(folder, '.ci/run'), text.replaceAll('/usr/local/go', path.join(folder, 'go')))
    const module = 'k6-scripts/extension/go.mod'
    await cp(path.join(root, module), path.join(folder, module))
    for (const [name, code] of Object.entries(FAKES)) await program(`bin/${name}`, code)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const log = () => path.join(folder, 'log')
  const program = async (file: string, code: string) => {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
    const note = `case "$1" in -e|-E|-c|version) ;; *) echo "$(basename "$0") $*" >> "$LOG" ;; esac`
    await writeFile(path.join(folder, file), `#!/bin/bash\n${note}\n${code}\n`, { mode: 0o755 })
  }
  const ci = async (env: NodeJS.ProcessEnv = {}) => {
    await writeFile(log(), '')
    const PATH = `${path.join(folder, 'bin')}:/usr/bin:/bin`
    const { code, stderr } = await outcome('bash', ['.ci/run'], folder, { PATH, LOG: log(), ...env })
    const lines = (await readFile(log(), 'utf8')).split('\n').filter((line) => line !== '')
    return { code, stderr, steps: lines.filter((line) => !line.startsWith('node scripts/test-summary')), lines }
  }

  it('builds k6 once before it checks, and asks for browser, servers and k6', async () => {
    const { code, steps, lines } = await ci({ K6_BIN: '/some/other/k6', NODE_ENV: 'production' })
    expect({ code, steps }).toEqual({ code: 0, steps: STEPS })
    expect(lines.at(-1)).toMatch(/^node scripts\/test-summary\.mjs .*\.cache\/test-report\.json 0$/)
  })

  it('hands a check that failed on to the summary', async () => {
    expect((await ci({ CHECK: '7' })).lines.at(-1)).toMatch(/ 7$/)
  })

  it.each(['go1.19', 'go1.9.7', 'go1.24.13', 'no version'])('says in one sentence that %s will not do', async (GO) => {
    const { code, stderr, lines } = await ci({ GO })
    expect({ code, lines }).toEqual({ code: 1, lines: [] })
    expect(stderr).toMatch(/^k6 is built with Go 1\.25 or later, and there is none .*Debian.*too old\)\.\n$/)
  })

  it.each(['go1.25.0', 'go1.30', 'devel go1.27-abc', 'go2.0'])('takes %s', async (GO) => {
    expect(await ci({ GO })).toMatchObject({ code: 0, steps: STEPS })
  })

  it('looks where the installer of Go puts it', async () => {
    await program('go/bin/go', 'echo "go version go1.25.3 linux/amd64"')
    expect(await ci({ GO: 'go1.19' })).toMatchObject({ code: 0, steps: STEPS })
    await rm(path.join(folder, 'go'), { recursive: true })
  })

  it('installs a compiler of C where there is none, before anything else', async () => {
    const { steps } = await ci({ GCC: '1' })
    expect(steps.filter((step) => !step.startsWith('sudo')).slice(0, 3)).toEqual([
      'apt-get update -qq',
      'apt-get install -y -qq --no-install-recommends gcc libc6-dev',
      STEPS[0],
    ])
  })
})
