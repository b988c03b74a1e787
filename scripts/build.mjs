// Compiles server/, harness/ and bench/ to dist/. What is measured runs from there with plain node, never through a loader.
// `--if-possible` is for the `prepare` script: `npm ci --omit=dev` has no compiler and must not fail for it.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
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
// A file that was renamed or removed must not live on in dist/.
if (existsSync(path.join(root, 'dist'))) rmSync(path.join(root, 'dist'), { recursive: true })
const built = spawnSync(process.execPath, [tsc, '-p', path.join(root, 'tsconfig.json')], { stdio: 'inherit' })
process.exit(built.status ?? 1)
