import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'
import yargs from 'yargs'

import { report, reportCommand } from '../../harness/commands/report.ts'
import type { ReportOptions } from '../../harness/commands/report.ts'
import { writeRun } from '../../harness/results/write.ts'
import { sentenceOf } from '../../harness/results/view.ts'
import { sampleRecord } from '../fixtures/records/sample.ts'
import { VARIANTS } from '../fixtures/records/variants.ts'

let out = ''
let folder = ''
beforeEach(async () => {
  out = mkdtempSync(path.join(tmpdir(), 'sse-harness-report-'))
  folder = await writeRun(out, VARIANTS.failed(), null)
})
afterEach(() => rmSync(out, { recursive: true, force: true }))

async function run(options: Partial<ReportOptions> = {}) {
  const printed = { stdout: '', stderr: '' }
  const output = {
    stdout: (text: string) => void (printed.stdout += text),
    stderr: (text: string) => void (printed.stderr += text),
  }
  await report({ run: 'latest', out, json: false, quiet: false, color: false, ...options }, output)
  return printed
}

test('puts back what was changed by hand, from the record alone, and prints the summary', async () => {
  const page = readFileSync(path.join(folder, 'report.html'), 'utf8')
  writeFileSync(path.join(folder, 'report.html'), 'all green')
  rmSync(path.join(folder, 'summary.md'))
  const { stdout, stderr } = await run()
  expect(readFileSync(path.join(folder, 'report.html'), 'utf8')).toBe(page)
  expect(readdirSync(folder)).toContain('summary.md')
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([])
  expect(stdout).toContain(sentenceOf(VARIANTS.failed()))
  expect(stderr).toBe('')
})

test('--json puts one object on the last line of stdout and the text on stderr', async () => {
  const { stdout, stderr } = await run({ json: true })
  const { id, verdicts } = VARIANTS.failed()
  expect(stdout.trimEnd().split('\n')).toHaveLength(1)
  expect(JSON.parse(stdout)).toEqual({ status: 'fail', exitCode: 0, runId: id, runDir: folder, verdicts })
  expect(stderr).toContain(sentenceOf(VARIANTS.failed()))
  expect(await run({ json: true, quiet: true })).toMatchObject({ stderr: '' })
  expect(await run({ quiet: true })).toEqual({ stdout: '', stderr: '' })
})

test('--to renders elsewhere and leaves the run alone', async () => {
  rmSync(path.join(folder, 'junit.xml'))
  const elsewhere = path.join(out, 'else/where')
  const { stdout } = await run({ to: elsewhere })
  expect(readdirSync(elsewhere)).toContain('junit.xml')
  expect(readdirSync(folder)).not.toContain('junit.xml')
  expect(stdout).toContain(elsewhere)
})

test('a run that is not there is a mistake of the user', async () => {
  await expect(run({ run: 'nothing' })).rejects.toThrow('"nothing" is no run')
})

test('the command line reaches all of it', async () => {
  await writeRun(out, sampleRecord({ id: '20270101-000000-000-000000' }), null)
  const target = path.join(out, 'page')
  const argv = ['report', '20270101', '--out', out, '--to', target, '--quiet']
  await yargs(argv).command(reportCommand).strict().exitProcess(false).parseAsync()
  expect(readdirSync(target)).toContain('report.html')
  const strict = yargs(['report', '20270101', '--too', 'x']).command(reportCommand).strict().exitProcess(false)
  const refuse = (message: string) => {
    throw new Error(message)
  }
  expect(() => strict.fail(refuse).parse()).toThrow('Unknown argument')
})
