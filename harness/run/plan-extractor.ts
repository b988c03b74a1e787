import { SpecExtractor } from '../measure/extract.ts'
import { parseFieldSpec, parseStampSpec } from '../model/field-spec.ts'
import type { RunPlan } from '../model/plan.ts'

/** Where this plan says that stamp and sequence are; null when it leaves that to what the server says of itself. */
export function planExtractor(plan: RunPlan): SpecExtractor | null {
  if (plan.stamp === null && plan.sequence === null) return null
  const stamp = plan.stamp === null ? null : parseStampSpec(plan.stamp)
  const sequence = plan.sequence === null ? null : parseFieldSpec(plan.sequence)
  if ((stamp !== null && 'fault' in stamp) || (sequence !== null && 'fault' in sequence))
    throw new Error('a plan with a wrong field passed validation')
  return new SpecExtractor(stamp, sequence)
}
