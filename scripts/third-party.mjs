// Makes the Python virtual environment of the third-party servers that the system tests aim at, in .cache/third-party.
// Does nothing when it is already there for the present requirements.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const requirementsFile = path.join(root, 'test/third-party/requirements.txt')
const venv = path.join(root, '.cache/third-party/venv')
// A copy of the requirements, written last: a half-made environment has none and is made anew.
const marker = path.join(venv, 'requirements.txt')

const requirements = readFileSync(requirementsFile, 'utf8')
if (existsSync(marker) && readFileSync(marker, 'utf8') === requirements) process.exit(0)

rmSync(venv, { recursive: true, force: true })
run(
  'python3',
  ['-m', 'venv', venv],
  'Install Python 3.10 or later with its venv module (Debian: apt-get install python3-venv).',
)
run(
  path.join(venv, 'bin/python'),
  ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirementsFile],
  'The packages of test/third-party/requirements.txt must be reachable by pip.',
)
writeFileSync(marker, requirements)

function run(command, args, wayOut) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status === 0) return
  console.error(`third-party: ${command} ${args.join(' ')} failed${error ? ` (${error.message})` : ''}. ${wayOut}`)
  process.exit(1)
}
