import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { cacheKey, neededGo, readSources } from '../../../harness/k6/sources.ts'

const GO = 'go1.26.8 linux/amd64'
let folder: string

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sse-harness-test-'))
  mkdirSync(path.join(folder, 'output'))
  write('go.mod', 'module a\n\ngo 1.25.0\n')
  write('go.sum', 'sums')
  write('main.go', 'package main')
  write('output/output.go', 'package output')
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text)
const read = async () => (await readSources(folder)) ?? []
const keyOf = async (go = GO) => cacheKey(await read(), go)

describe('the key of a build', () => {
  test('is that of what is built, and of nothing else', async () => {
    const before = await keyOf()
    write('main_test.go', 'package main')
    write('README.md', 'words')
    mkdirSync(path.join(folder, 'internal/stock'), { recursive: true })
    write('internal/stock/main.go', 'package main')
    expect(await keyOf()).toBe(before)
    expect(before).toMatch(/^[0-9a-f]{64}$/)
  })

  test.each([
    ['a source', 'output/output.go', 'package output // other'],
    ['a new file', 'output/more.go', 'package output'],
    ['a version', 'go.mod', 'module a\n\ngo 1.26.0\n'],
    ['a sum', 'go.sum', 'other sums'],
  ])('changes with %s', async (_, name, text) => {
    const before = await keyOf()
    write(name, text)
    expect(await keyOf()).not.toBe(before)
  })

  test('changes with Go and the platform', async () => {
    const keys = [GO, 'go1.26.9 linux/amd64', 'go1.26.8 linux/arm64'].map((go) => keyOf(go))
    expect(new Set(await Promise.all(keys)).size).toBe(3)
  })

  test('changes when text moves from one file to the next', () => {
    const file = (name: string, text: string) => ({ name, bytes: Buffer.from(text) })
    expect(cacheKey([file('a.go', 'xb.goy')], GO)).not.toBe(cacheKey([file('a.go', 'x'), file('b.go', 'y')], GO))
  })
})

test('the oldest Go that will do stands in go.mod', async () => {
  expect(neededGo(await read())).toEqual([1, 25])
})

test('a folder without a module has no sources', async () => {
  expect(await readSources(path.join(folder, 'output'))).toBeNull()
  expect(await readSources(path.join(folder, 'nowhere'))).toBeNull()
})
