// Writes docs/schemas/*.json from the zod schemas in dist/ (run `npm run build` first). A unit test fails when what is
// committed is not what this would write.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

import { z } from 'zod'

const root = path.resolve(import.meta.dirname, '..')
export const folder = path.join(root, 'docs/schemas')

/** File name -> content. The schemas are arguments, so that the test can give those of the sources. */
export function schemaFiles({ RunRecordSchema, PlanInputSchema }) {
  const text = (schema, title, description) => `${JSON.stringify({ title, description, ...schema }, null, 2)}\n`
  return {
    'run.schema.json': text(
      // 'input': a record is read as it was written, so keys of a later version are no fault.
      z.toJSONSchema(RunRecordSchema, { io: 'input' }),
      'sse-harness run record',
      'What a run leaves behind in run.json: everything a report, a comparison or a gate reads.',
    ),
    'plan.schema.json': text(
      z.toJSONSchema(PlanInputSchema, { io: 'input' }),
      'sse-harness plan',
      'What `sse-harness load --plan FILE` reads, as YAML or JSON. Unknown keys are refused.',
    ),
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { RunRecordSchema } = await import('../dist/harness/model/record.js')
  const { PlanInputSchema } = await import('../dist/harness/model/plan.js')
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of Object.entries(schemaFiles({ RunRecordSchema, PlanInputSchema })))
    writeFileSync(path.join(folder, name), content)
}
