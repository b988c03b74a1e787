#!/usr/bin/env node
/**
 * `npm run go`: formatting, vet and tests (with the race detector) of the Go module that builds our k6. Without Go it is
 * skipped with a message, unless SSE_HARNESS_REQUIRE names `k6`. Needs dist/, as scripts/k6.mjs does.
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'

import { findGo, GO_PLACES } from '../dist/harness/k6/go.js'
import { EXTENSION, neededGo, readSources } from '../dist/harness/k6/sources.js'

const isRequired = (process.env['SSE_HARNESS_REQUIRE'] ?? '').split(',').includes('k6')
const compiler = ['gcc', 'cc', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0)

// -trimpath as in the build of the binary, so that both share what is compiled. The race detector needs C.
const env = { ...process.env, GOFLAGS: '-trimpath', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' }

function run(go, args, more = {}) {
  console.log(`go ${args.join(' ')}`)
  const { status } = spawnSync(go, args, { cwd: EXTENSION, env: { ...env, ...more }, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

const found = await findGo(neededGo((await readSources(EXTENSION)) ?? []), GO_PLACES, process.env)
if ('missing' in found) {
  console.error(`the Go module in k6-scripts/extension is not checked: ${found.missing}`)
  process.exit(isRequired ? 1 : 0)
}
const go = found.path
const gofmt = path.isAbsolute(go) ? path.join(path.dirname(go), 'gofmt') : 'gofmt'
const formatted = spawnSync(gofmt, ['-l', '.'], { cwd: EXTENSION, encoding: 'utf8' })
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
