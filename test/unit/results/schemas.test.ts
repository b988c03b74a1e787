import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'

import { PlanInputSchema } from '../../../harness/model/plan.ts'
import { RunRecordSchema } from '../../../harness/model/record.ts'
import { sampleRecord } from '../../fixtures/records/sample.ts'
import { hostileRecord, VARIANTS } from '../../fixtures/records/variants.ts'

const script = path.resolve(import.meta.dirname, '../../../scripts/schemas.mjs')
const { folder, schemaFiles } = (await import(pathToFileURL(script).href)) as {
  folder: string
  schemaFiles: (schemas: object) => Record<string, string>
}
const files = schemaFiles({ RunRecordSchema, PlanInputSchema })
const validator = (name: string) => {
  // Formats need another package; the schema carries patterns beside them.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  return ajv.compile(JSON.parse(files[name] ?? 'null') as object)
}

test.each(Object.keys(files))(
  'docs/schemas/%s is what the source says (else run: node scripts/schemas.mjs)',
  (name) => {
    expect(readFileSync(path.join(folder, name), 'utf8')).toBe(files[name])
  },
)

describe('run.schema.json', () => {
  const validate = validator('run.schema.json')

  test.each(Object.entries({ ...VARIANTS, hostile: hostileRecord }))('accepts the record "%s"', (_name, build) => {
    validate(JSON.parse(JSON.stringify(build())))
    expect(validate.errors ?? []).toEqual([])
  })

  test('keeps accepting a record with a key of a later version', () => {
    expect(validate({ ...sampleRecord(), ofALaterVersion: 1 })).toBe(true)
  })

  test.each([
    ['another schema', { schema: 'sse-harness/run@2' }],
    ['an unknown status', { status: 'green' }],
    ['a metric without a kind', { metrics: { sse_staleness: { value: 3 } } }],
    ['no verdicts', { verdicts: undefined }],
    ['a date that is none', { startedAt: 'yesterday' }],
  ])('refuses %s', (_name, fault) => {
    expect(validate(JSON.parse(JSON.stringify({ ...sampleRecord(), ...fault })))).toBe(false)
  })
})

describe('plan.schema.json', () => {
  const validate = validator('plan.schema.json')

  test('accepts what a user writes, defaults left out', () => {
    const plan = { target: { url: 'http://127.0.0.1:8080/events' }, load: { connections: 5 }, mix: { steady: 100 } }
    expect(validate(plan)).toBe(true)
    expect(validate({ target: { url: 'http://127.0.0.1:8080/events' } })).toBe(true)
  })

  test.each([
    ['an unknown key', { target: { url: 'http://x/' }, conections: 5 }],
    ['no target', {}],
    ['no connections at all', { target: { url: 'http://x/' }, load: { connections: 0 } }],
  ])('refuses %s', (_name, plan) => {
    expect(validate(plan)).toBe(false)
  })
})
