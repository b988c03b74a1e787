import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const FOLDER = path.resolve(import.meta.dirname, '../../../k6-scripts')
const SCRIPTS = (await readdir(FOLDER)).filter((name) => name.endsWith('.ts'))
const README = await readFile(path.join(FOLDER, 'README.md'), 'utf8')
const texts = await Promise.all(SCRIPTS.map((name) => readFile(path.join(FOLDER, name), 'utf8')))

/** `SSE_RAMP (5s)` of every setting that the code reads. */
function settingsOf(code: string): string[] {
  return [...code.matchAll(/\('(SSE_[A-Z_]+)'(?:, '?([\d.]+\w*)'?)?/g)]
    .map(([, name, byDefault = 'not judged']) => `${name} (${byDefault})`)
    .toSorted()
}

/** The same of what a person reads. */
const told = (text: string): string[] =>
  [...text.matchAll(/`?(SSE_[A-Z_]+)`? \((not judged|[\d.]+\w*)\)/g)]
    .map(([, name, byDefault]) => `${name} (${byDefault})`)
    .toSorted()

describe.each(SCRIPTS.map((name, i): [string, string] => [name, texts[i] ?? '']))('k6-scripts/%s', (name, text) => {
  const comment = /^\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? ''
  const rows = README.split('\n').filter((line) => line.startsWith(`| \`${name}\``))

  it('tells its settings and their defaults, at its top and in the README', () => {
    const settings = settingsOf(text)
    expect(settings.length).toBeGreaterThan(0)
    expect(told(comment)).toEqual(settings)
    expect(told(rows[1] ?? '')).toEqual(settings)
  })

  it('tells its question and how to run it', () => {
    expect(comment).toMatch(/\?/)
    expect(comment).toContain(`sse-harness k6 k6-scripts/${name} --url `)
    expect(comment).toMatch(new RegExp(`k6 run -e .*SSE_URL=.* k6-scripts/${name}\n`))
    expect(rows[0]).toContain(`\`${/executor: '([a-z-]+)'/.exec(text)?.[1]}\``)
  })
})
