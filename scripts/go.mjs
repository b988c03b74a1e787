#!/usr/bin/env node
/**
 * `npm run go`: formatting, vet and tests (with the race detector) of the Go module that builds our k6. Without Go it is
 * skipped with a message, unless SSE_HARNESS_REQUIRE names `k6`.
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const LEAST = [1, 25]
const MODULE = path.resolve(import.meta.dirname, '../k6-scripts/extension')
const PLACES = ['go', '/usr/local/go/bin/go']
const isRequired = (process.env['SSE_HARNESS_REQUIRE'] ?? '').split(',').includes('k6')
const compiler = ['gcc', 'cc', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0)

// -trimpath as in the build of the binary, so that both share what is compiled. The race detector needs C.
const env = { ...process.env, GOFLAGS: '-trimpath', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' }

function versionOf(go) {
  const match = / go(\d+)\.(\d+)/.exec(spawnSync(go, ['version'], { encoding: 'utf8' }).stdout ?? '')
  return match === null ? null : [Number(match[1]), Number(match[2])]
}

function findGo() {
  return PLACES.find((place) => {
    const version = versionOf(place)
    return version !== null && (version[0] > LEAST[0] || (version[0] === LEAST[0] && version[1] >= LEAST[1]))
  })
}

function run(go, args, more = {}) {
  console.log(`go ${args.join(' ')}`)
  const { status } = spawnSync(go, args, { cwd: MODULE, env: { ...env, ...more }, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

const go = findGo()
if (go === undefined) {
  console.error(`no Go ${LEAST.join('.')} or later here: the Go module in k6-scripts/extension is not checked`)
  process.exit(isRequired ? 1 : 0)
}
const gofmt = path.isAbsolute(go) ? path.join(path.dirname(go), 'gofmt') : 'gofmt'
const formatted = spawnSync(gofmt, ['-l', '.'], { cwd: MODULE, encoding: 'utf8' })
if (formatted.status !== 0 || formatted.stdout !== '') {
  console.error(`not as gofmt writes it:\n${formatted.stdout ?? formatted.error}${formatted.stderr ?? ''}`)
  process.exit(1)
}
run(go, ['vet', './...'])
if (compiler !== undefined) run(go, ['test', '-race', './...'], { CGO_ENABLED: '1', CC: compiler })
else if (isRequired) {
  console.error('no C compiler here, which the race detector needs')
  process.exit(1)
} else run(go, ['test', './...'])
