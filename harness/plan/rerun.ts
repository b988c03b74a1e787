import type { RunPlan } from '../model/plan.ts'
import { REDACTED } from './secrets.ts'

/** A run record holds its plan with everything decided, so a run can be repeated from it; any other file is a plan. */
export function planOfFile(file: unknown): unknown {
  if (!isObject(file) || typeof file['schema'] !== 'string' || !isObject(file['plan'])) return file
  const plan = { ...file['plan'] }
  delete plan['redacted']
  return plan
}

/** What was cut out of a record has to be given again: sent as it is, it would be a wrong secret. */
export function cutOutFaults({ target }: RunPlan): string[] {
  const fault = (path: string, flag: string) =>
    `${path}: a secret was cut out of it when the record was written; give it again with ${flag}`
  const faults: string[] = []
  if (target.url.includes(REDACTED)) faults.push(fault('target.url', '--url'))
  if (target.body?.includes(REDACTED) === true) faults.push(fault('target.body', '--body'))
  for (const [name, value] of Object.entries(target.headers)) {
    if (value.includes(REDACTED)) faults.push(fault(`target.headers.${name}`, `--header '${name}: ...'`))
  }
  return faults
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
