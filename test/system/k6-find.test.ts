import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { FoundK6 } from '../../harness/k6/find.ts'
import { findK6 } from '../../harness/k6/find.ts'
import { UsageError } from '../../harness/model/exit-codes.ts'
import { isRunning, until, untilGone } from '../support/processes.ts'

/** A Go that builds in no time: what it builds is a shell script that says what a k6 of ours says. */
const K6 = `#!/bin/sh
echo 'k6 v1.8.1 (go1.26.8, linux/amd64)'
echo 'Extensions:'
echo '  sse-harness/extension/module , k6/x/sse [js]'
echo '  sse-harness/extension/output.New , sse-record [output]'
`
const BUILD = `echo built >> "$LOG"
while [ "$1" != -o ]; do shift; done
echo example.org/a >&2
cp "$K6_SOURCE" "$2"
`

let folder: string
let sources: string
let cache: string
let progress: string[]

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sse-harness-test-'))
  sources = path.join(folder, 'extension')
  cache = path.join(folder, 'cache/sse-harness/k6')
  progress = []
  mkdirSync(sources)
  writeFileSync(path.join(sources, 'go.mod'), 'module a\n\ngo 1.25.0\n')
  program('k6', K6)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function program(name: string, text: string): string {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  chmodSync(file, 0o755)
  return file
}

const fakeGo = (build = BUILD, version = 'go1.26.8 linux/amd64') =>
  program('go', `#!/bin/sh\nif [ "$1" = version ]; then echo "go version ${version}"; exit; fi\n${build}`)

function find(goPlaces: readonly string[], env: NodeJS.ProcessEnv = {}, signal?: AbortSignal): Promise<FoundK6> {
  const all = {
    PATH: process.env['PATH'],
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    LOG: path.join(folder, 'log'),
    K6_SOURCE: path.join(folder, 'k6'),
    ...env,
  }
  return findK6({
    env: all,
    onProgress: (line) => progress.push(line),
    sources,
    goPlaces,
    ...(signal !== undefined && { signal }),
  })
}

const builds = () => readFileSync(path.join(folder, 'log'), 'utf8').trimEnd().split('\n').length
const inCache = () => readdirSync(cache)

describe('K6_BIN', () => {
  test('is taken as it is, by its path or from the PATH', async () => {
    const ours = { version: '1.8.1', records: true, sse: true, origin: 'K6_BIN', path: path.join(folder, 'k6') }
    expect(await find([], { K6_BIN: path.join(folder, 'k6') })).toEqual({ binary: ours })
    expect(await find([], { K6_BIN: 'k6', PATH: `/nowhere:${folder}` })).toEqual({ binary: ours })
  })

  test.each([
    ['no file', 'nowhere/k6', 'is no file'],
    ['no k6', process.execPath, 'is no k6 that runs here'],
  ])('that is %s is a mistake of the user', async (_, K6_BIN, words) => {
    const finding = find([], { K6_BIN })
    await expect(finding).rejects.toThrow(UsageError)
    await expect(finding).rejects.toThrow(new RegExp(`^K6_BIN is ${K6_BIN}, which ${words}.*; give`))
  })
})

describe('a build', () => {
  test('is made once, and then taken from the cache', async () => {
    const go = fakeGo()
    const first = await find([go])
    expect(first).toMatchObject({ binary: { origin: 'built', records: true, sse: true } })
    expect(progress[0]).toContain('about two minutes')
    const second = await find([go])
    expect(second).toMatchObject({ binary: { origin: 'cache' } })
    expect(builds()).toBe(1)
    writeFileSync(path.join(sources, 'main.go'), 'package main')
    expect(await find([go])).toMatchObject({ binary: { origin: 'built' } })
    expect(builds()).toBe(2)
    // Nothing but the two binaries.
    expect(inCache().map((key) => readdirSync(path.join(cache, key)))).toEqual([['k6'], ['k6']])
  })

  test('of a spoilt cache is made again', async () => {
    const go = fakeGo()
    await find([go])
    writeFileSync(path.join(cache, inCache()[0] ?? '', 'k6'), 'half a binary')
    expect(await find([go])).toMatchObject({ binary: { origin: 'built' } })
  })

  test('by several at once is right for all', async () => {
    const go = fakeGo()
    const all = await Promise.all([find([go]), find([go]), find([go])])
    expect(all.every((found) => 'binary' in found)).toBe(true)
    expect(inCache().map((key) => readdirSync(path.join(cache, key)))).toEqual([['k6']])
  })

  test('that fails says why in one line, and leaves nothing', async () => {
    const go = fakeGo(
      'echo "go: downloading a v1" >&2; echo "# a" >&2; echo "./main.go:1:1: expected package" >&2; exit 1',
    )
    expect(await find([go])).toEqual({
      missing: 'k6 could not be built: ./main.go:1:1: expected package; mend that, or set K6_BIN to a k6 binary',
    })
    expect(inCache()).toEqual([])
  })

  test('that is stopped leaves no process and no file', async () => {
    const pidFile = path.join(folder, 'pid')
    const go = fakeGo(`touch "$GOTMPDIR/half"; sleep 600 & echo $! > ${pidFile}; wait`)
    const controller = new AbortController()
    const finding = find([go], {}, controller.signal)
    const sleeper = await until('the build', () => existsSync(pidFile) && Number(readFileSync(pidFile, 'utf8')))
    controller.abort(new Error('enough'))
    await expect(finding).rejects.toThrow('enough')
    await untilGone([sleeper])
    expect(isRunning(sleeper)).toBe(false)
    expect(inCache()).toEqual([])
  })

  test('where nothing can be written says so', async () => {
    writeFileSync(path.join(folder, 'cache'), 'a file, not a folder')
    expect(await find([fakeGo()])).toEqual({ missing: expect.stringContaining('k6 could not be built: ENOTDIR') })
  })
})

describe('without a Go that will do', () => {
  test('there is one line with the way out', async () => {
    expect(await find([path.join(folder, 'nowhere')])).toEqual({
      missing: 'there is no Go here; install Go 1.25 or later (go.dev/dl), or set K6_BIN to a k6 binary',
    })
    expect(await find([fakeGo(BUILD, 'go1.24.9 linux/amd64')])).toEqual({
      missing: 'go1.24.9 linux/amd64 is too old; install Go 1.25 or later (go.dev/dl), or set K6_BIN to a k6 binary',
    })
  })

  test('the next place is looked at', async () => {
    const old = program('old', '#!/bin/sh\necho "go version go1.9 linux/amd64"')
    expect(await find([path.join(folder, 'nowhere'), old, fakeGo()])).toMatchObject({ binary: { origin: 'built' } })
  })

  test('or without sources, it says where they should be', async () => {
    rmSync(path.join(sources, 'go.mod'))
    expect(await find([fakeGo()])).toEqual({ missing: expect.stringContaining(sources) })
  })
})

test('builds that nobody has used for a month go, others stay', async () => {
  const go = fakeGo()
  await find([go])
  const entry = (name: string, days: number) => {
    mkdirSync(path.join(cache, name), { recursive: true })
    const file = path.join(cache, name, 'k6')
    writeFileSync(file, '')
    const time = Date.now() / 1000 - days * 86_400
    utimesSync(file, time, time)
    utimesSync(path.join(cache, name), time, time)
  }
  const [current = ''] = inCache()
  const [old, recent] = ['a'.repeat(64), 'b'.repeat(64)]
  entry(old, 31)
  entry(recent, 29)
  entry('build-left', 2)
  entry('build-new', 0)
  entry('somebody-elses', 99)
  utimesSync(path.join(cache, current, 'k6'), 0, 0)
  expect(await find([go])).toMatchObject({ binary: { origin: 'cache' } })
  expect(new Set(inCache())).toEqual(new Set([current, recent, 'build-new', 'somebody-elses']))
  // To be used is to be kept.
  expect(statSync(path.join(cache, current, 'k6')).mtimeMs).toBeGreaterThan(0)
})
