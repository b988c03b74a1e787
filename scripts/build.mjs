// Compiles server/, harness/ and bench/ to dist/. What is measured runs from there with plain node, never through a loader.
// `--if-possible` is for the `prepare` script: `npm ci --omit=dev` has no compiler and must not fail for it.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const require = createRequire(import.meta.url)

function compiler() {
  try {
    return path.join(path.dirname(require.resolve('typescript/package.json')), 'bin/tsc')
  } catch {
    return null
  }
}

const tsc = compiler()
if (tsc === null) {
  if (process.argv.includes('--if-possible')) process.exit(0)
  console.error('build: typescript is not installed here; run `npm ci` without --omit=dev first.')
  process.exit(1)
}

// Compiled beside dist/ and put in its place whole: a file that was renamed or removed does not live on in it, a failed
// build leaves the last good one, and a process that reads dist/ meanwhile finds one build or the other.
const dist = path.join(root, 'dist')
const fresh = path.join(root, `dist.${process.pid}.new`)
const old = path.join(root, `dist.${process.pid}.old`)
const args = [tsc, '-p', path.join(root, 'tsconfig.json'), '--outDir', fresh, '--noEmitOnError']
const built = spawnSync(process.execPath, args, { stdio: 'inherit' })
if (built.status === 0) {
  const main = path.join(fresh, 'harness/main.js')
  if (existsSync(main)) chmodSync(main, 0o755)
  if (existsSync(dist)) renameSync(dist, old)
  renameSync(fresh, dist)
}
for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true })
process.exit(built.status ?? 1)
