import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { cgroupLimits, ephemeralPorts, openFileLimit, usableCores } from '../measure/limits.ts'
import type { Environment } from '../model/record.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')

/** Version of this package, as its package.json says. */
export function harnessVersion(): string {
  return (JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string }).version
}

/** The machine and the programs, taken once per run; clock and target are added when they are known. */
export function readEnvironment(): Environment {
  const cgroup = cgroupLimits()
  const cpu = os.cpus()[0]?.model.trim() ?? 'unknown'
  return {
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    cpu,
    cores: Math.max(1, Math.round(usableCores(cgroup))),
    memoryBytes: os.totalmem(),
    cgroup,
    openFiles: openFileLimit(),
    ephemeralPorts: ephemeralPorts(),
    node: process.version,
    k6: null,
    harness: harnessVersion(),
    gitCommit: gitCommit(),
    clock: null,
    target: null,
  }
}

/** Commit of the harness's own sources; null in an installed package. */
function gitCommit(): string | null {
  const git = spawnSync('git', ['-C', ROOT, 'log', '-1', '--format=%H', '--', 'package.json', 'harness', 'server'], {
    encoding: 'utf8',
  })
  const commit = git.status === 0 ? git.stdout.trim() : ''
  return /^[0-9a-f]{40}$/.test(commit) ? commit : null
}
