import { readFileSync } from 'node:fs'
import path from 'node:path'

import { Ajv2020 } from 'ajv/dist/2020.js'

const SCHEMA = path.resolve(import.meta.dirname, '../../docs/schemas/run.schema.json')

/** What the published schema has against a record. */
export function schemaFaults(record: unknown): object[] {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  const validate = ajv.compile(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object)
  validate(record)
  return validate.errors ?? []
}
