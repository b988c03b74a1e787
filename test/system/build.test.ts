import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { runProcess } from '../support/run-process.ts'

const root = path.resolve(import.meta.dirname, '../..')

describe('scripts/build.mjs', () => {
  let folder = ''
  beforeAll(async () => {
    // Inside the repository, so that the compiler resolves.
    await mkdir(path.join(root, '.cache'), { recursive: true })
    folder = await mkdtemp(path.join(root, '.cache/build-test-'))
    await cp(path.join(root, 'scripts/build.mjs'), path.join(folder, 'scripts/build.mjs'))
    await cp(path.join(root, 'tsconfig.json'), path.join(folder, 'tsconfig.json'))
    await writeFile(path.join(folder, 'package.json'), '{"type": "module"}')
    await mkdir(path.join(folder, 'harness'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const source = (name: string, text: string) => writeFile(path.join(folder, 'harness', name), text)
  const built = (name: string) => readFile(path.join(folder, 'dist/harness', name), 'utf8')
  const build = () => runProcess(process.execPath, ['scripts/build.mjs'], { cwd: folder })

  it('compiles, and the program can be started', async () => {
    await source('main.ts', '#!/usr/bin/env node\nexport const x: number = 1\n')
    await source('gone.ts', 'export const y = 2\n')
    expect(await build()).toMatchObject({ code: 0, stderr: '' })
    expect(await built('main.js')).toBe('#!/usr/bin/env node\nexport const x = 1;\n')
    expect((await stat(path.join(folder, 'dist/harness/main.js'))).mode & 0o111).toBe(0o111)
  })

  it('leaves nothing of a file that is no more', async () => {
    await rm(path.join(folder, 'harness/gone.ts'))
    expect(await build()).toMatchObject({ code: 0 })
    expect(await readdir(path.join(folder, 'dist/harness'))).toEqual(['main.js'])
  })

  it('fails for a wrong type, and the last good build stays', async () => {
    await source('main.ts', "export const x: number = 'three'\n")
    expect(await build()).toMatchObject({ code: 1, stdout: expect.stringContaining('TS2322') as unknown })
    expect(await built('main.js')).toContain('x = 1')
  })

  it('leaves no folder of its own behind', async () => {
    expect(await readdir(folder)).not.toContainEqual(expect.stringMatching(/^dist\./))
  })
})
