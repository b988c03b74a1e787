import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** Who may import whom inside harness/. What is not listed is forbidden. */
const MAY_IMPORT = {
  model: [],
  histogram: ['model'],
  statistics: ['model'],
  pacing: ['model'],
  sse: ['model'],
  plan: ['model'],
  leaks: ['model', 'statistics', 'histogram'],
  measure: ['model', 'statistics', 'histogram'],
  client: ['model', 'measure', 'sse', 'pacing'],
  faults: ['model', 'measure', 'sse', 'pacing'],
  k6: ['model', 'measure', 'histogram'],
  results: ['model', 'statistics', 'histogram', 'leaks'],
  run: 'model histogram statistics pacing sse plan leaks measure client faults k6'.split(' '),
  demos: 'model histogram statistics pacing sse plan leaks measure client faults k6 run results'.split(' '),
  commands: 'model histogram statistics pacing sse plan leaks measure client faults k6 run results demos'.split(' '),
} satisfies Record<string, string[]>
type Folder = keyof typeof MAY_IMPORT
const FOLDERS = Object.keys(MAY_IMPORT) as Folder[]

interface Probe {
  what: string
  file: string
  code: string
  rule: 'no-restricted-imports' | 'no-restricted-globals' | 'no-restricted-properties' | 'max-lines'
  forbidden: boolean
}

/** Every pair of folders, from a file of the folder and from a file of a sub-folder, as a value and as a type. */
function folderEdges(): Probe[] {
  return FOLDERS.flatMap((from) =>
    [...FOLDERS, 'server', 'server/patterns', 'test'].flatMap((to) => {
      const inHarness = (FOLDERS as string[]).includes(to)
      const mayPatterns = from === 'demos' && to === 'server/patterns'
      const forbidden = to !== from && !(MAY_IMPORT[from] as string[]).includes(to) && !mayPatterns
      if (to === from) return []
      const up = inHarness ? `../${to}/x.ts` : `../../${to}/x.ts`
      const name = `to-${to.replace('/', '-')}.ts`
      return [
        edge(
          `${from} -> ${to}`,
          `harness/${from}/${name}`,
          `import { x } from '${up}'\nexport const y = x\n`,
          forbidden,
        ),
        edge(
          `${from}/sub -> ${to} (type)`,
          `harness/${from}/sub/${name}`,
          `import type { X } from '../${up}'\nexport type Y = X\n`,
          forbidden,
        ),
        edge(
          `${from} -> ${to} (dynamic)`,
          `harness/${from}/dynamic-${name}`,
          `export const y = import('${up}')\n`,
          forbidden,
        ),
      ]
    }),
  )
}

function edge(what: string, file: string, code: string, forbidden: boolean): Probe {
  return { what, file, code, rule: 'no-restricted-imports', forbidden }
}

let serial = 0
/** One import from a file in `folder`. */
function imports(folder: string, specifier: string, forbidden: boolean, keyword = 'import'): Probe {
  serial += 1
  const code =
    keyword === 'import type'
      ? `import type { X } from '${specifier}'\nexport type Y = X\n`
      : `import { x } from '${specifier}'\nexport const y = x\n`
  return edge(`${folder} ${keyword} '${specifier}'`, `${folder}/probe-${serial}.ts`, code, forbidden)
}

const PURE = ['model', 'histogram', 'statistics', 'pacing', 'sse', 'leaks']

function packageEdges(): Probe[] {
  const io = ['node:fs', 'node:net', 'fs', 'node:timers', 'node:timers/promises', 'node:perf_hooks', 'undici', '@a/b']
  return [
    ...PURE.flatMap((folder) => io.map((name) => imports(`harness/${folder}`, name, true))),
    ...PURE.map((folder) => imports(`harness/${folder}`, 'zod', folder !== 'model')),
    ...PURE.map((folder) => imports(`harness/${folder}`, 'node:zlib', folder !== 'histogram')),
    ...PURE.map((folder) => imports(`harness/${folder}`, 'hdr-histogram-js', folder !== 'histogram')),
    imports('harness/client', 'undici', false),
    imports('harness/client', 'node:net', false),
    imports('harness/plan', 'node:fs', false),
    imports('harness/commands', 'yargs', false),
    imports('harness/results', 'node:fs', false),
    ...['node:net', 'node:http', 'https', 'node:tls', 'node:dns/promises', 'undici', 'node:child_process'].map((name) =>
      imports('harness/results', name, true),
    ),
  ]
}

function otherEdges(): Probe[] {
  return [
    ...FOLDERS.flatMap((folder) => [
      imports(`harness/${folder}`, './sibling.ts', false),
      imports(`harness/${folder}`, './sub/child.ts', false),
      imports(`harness/${folder}/sub`, '../parent.ts', false),
      imports(`harness/${folder}`, '../main.ts', true),
      imports(`harness/${folder}`, '../../bench/x.ts', true),
      imports(`harness/${folder}`, `./../commands/x.ts`, true),
      imports(`harness/${folder}`, '../model/../../server/x.ts', true),
    ]),
    imports('harness/results/formats', '../view/x.ts', false),
    imports('harness/results/view', '../formats/x.ts', false),
    imports('harness', './commands/x.ts', false),
    imports('harness', '../server/x.ts', true),
    imports('server', './x.ts', false),
    imports('server', './patterns/x.ts', false),
    imports('server', 'node:http', false),
    imports('server', '../harness/model/x.ts', true, 'import type'),
    imports('server', '../harness/main.ts', true),
    imports('server', '../test/x.ts', true),
    imports('server/patterns', '../x.ts', false),
    imports('server/patterns', '../../harness/model/x.ts', true),
    imports('k6-scripts', 'k6', false),
    imports('k6-scripts', 'k6/metrics', false),
    imports('k6-scripts', 'k6/x/sse', false),
    imports('k6-scripts', './lib/x.ts', false),
    imports('k6-scripts', '../harness/model/x.ts', false, 'import type'),
    imports('k6-scripts', '../harness/model/x.ts', true),
    imports('k6-scripts', '../harness/sse/x.ts', true, 'import type'),
    imports('k6-scripts', '../server/x.ts', true),
    imports('k6-scripts', 'node:fs', true),
    imports('k6-scripts', 'fs', true),
    imports('k6-scripts', 'undici', true),
    imports('k6-scripts', 'https://jslib.k6.io/x.js', true),
    imports('k6-scripts', '../bench/x.ts', true),
    imports('k6-scripts', '../test/x.ts', true, 'import type'),
    imports('k6-scripts', './../server/x.ts', true),
    imports('k6-scripts/lib', 'k6/execution', false),
    imports('k6-scripts/lib', './x.ts', false),
    imports('k6-scripts/lib', 'node:fs', true),
    imports('k6-scripts/lib', '../../harness/model/x.ts', true),
    imports('k6-scripts/lib', '../../server/x.ts', true),
    imports('k6-scripts/lib', '../../harness/model/x.ts', false, 'import type'),
    imports('k6-scripts/lib', '../../harness/run/x.ts', true, 'import type'),
  ]
}

const GLOBALS = ['setTimeout', 'setInterval', 'setImmediate', 'fetch', 'process', 'performance', 'console']

function globalUses(): Probe[] {
  return [...PURE, 'client', 'measure', 'results'].flatMap((folder) => [
    ...GLOBALS.map((name) => ({
      what: `${folder} uses ${name}`,
      file: `harness/${folder}/uses-${name.toLowerCase()}.ts`,
      code: `export const y = ${name}\n`,
      rule: 'no-restricted-globals' as const,
      forbidden: PURE.includes(folder) || (folder === 'results' && name === 'fetch'),
    })),
    ...['Date.now', 'Math.random'].map((name) => ({
      what: `${folder} uses ${name}`,
      file: `harness/${folder}/uses-${name.toLowerCase().replace('.', '-')}.ts`,
      code: `export const y = ${name}()\n`,
      rule: 'no-restricted-properties' as const,
      forbidden: PURE.includes(folder),
    })),
  ])
}

function sizes(): Probe[] {
  const lines = (count: number) => Array.from({ length: count }, (_, i) => `export const x${i} = ${i}\n`).join('')
  const size = (file: string, count: number, forbidden: boolean): Probe => ({
    what: `${count} lines in ${path.dirname(file)}`,
    file,
    code: `// a comment is not counted, nor is an empty line\n\n${lines(count)}`,
    rule: 'max-lines',
    forbidden,
  })
  return [
    size('harness/run/lines-200.ts', 200, false),
    size('harness/run/lines-201.ts', 201, true),
    size('server/lines-201.ts', 201, true),
    size('test/unit/lines-201.test.ts', 201, false),
  ]
}

const PROBES = [...folderEdges(), ...packageEdges(), ...otherEdges(), ...globalUses(), ...sizes()]

const root = path.resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
let temp = ''
/** `file rule` of every diagnostic of one run over all probes: a run for each would take minutes. */
let found = new Set<string>()

beforeAll(async () => {
  temp = await mkdtemp(path.join(tmpdir(), 'import-table-'))
  await copyFile(path.join(root, '.oxlintrc.json'), path.join(temp, '.oxlintrc.json'))
  for (const probe of PROBES) {
    await mkdir(path.dirname(path.join(temp, probe.file)), { recursive: true })
    await writeFile(path.join(temp, probe.file), probe.code, { flag: 'wx' })
  }
  found = await lint(temp)
}, 60_000)

afterAll(() => rm(temp, { recursive: true, force: true }))

async function lint(folder: string): Promise<Set<string>> {
  const oxlint = path.join(root, 'node_modules/.bin/oxlint')
  // Exit 1 only says that there were findings, which is what most probes are for.
  const { stdout } = await run(oxlint, ['--format', 'json'], { cwd: folder, maxBuffer: 2 ** 26 }).catch(
    (error: unknown) => error as { stdout: string },
  )
  const report = JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[]; number_of_files: number }
  expect(report.number_of_files).toBe(PROBES.length)
  return new Set(report.diagnostics.map(({ filename, code }) => `${filename} ${code}`))
}

/** One test for each folder that is looked at; a thousand edges as a thousand tests would drown the count of tests. */
const folderOf = (probe: Probe) => /^(?:harness\/[a-z0-9]+(?=\/)|[^/]+)/.exec(probe.file)?.[0] ?? probe.file
const LOOKED_AT = [...new Set(PROBES.map(folderOf))]

describe('the import table is what the linter enforces', () => {
  it.each(LOOKED_AT)('%s', (folder) => {
    const probes = PROBES.filter((probe) => folderOf(probe) === folder)
    const reported = probes.filter(({ file, rule }) => found.has(`${file} eslint(${rule})`)).map(({ what }) => what)
    expect(reported).toEqual(probes.filter(({ forbidden }) => forbidden).map(({ what }) => what))
  })

  it('looks at more than a thousand edges, allowed and forbidden ones', () => {
    expect(PROBES.length).toBeGreaterThan(1000)
    expect(PROBES.filter(({ forbidden }) => !forbidden).length).toBeGreaterThan(200)
  })

  it('names every folder of harness/, so that a new one needs a decision', async () => {
    const entries = await readdir(path.join(root, 'harness'), { withFileTypes: true })
    const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
    expect(FOLDERS).toEqual(expect.arrayContaining(folders))
  })
})
