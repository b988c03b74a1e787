/** A request to /control, checked. Durations in milliseconds; `forMs` null: until reset-faults. */
export type ControlAction =
  | { readonly action: 'pause' | 'resume' | 'reset-faults' }
  | { readonly action: 'delay'; readonly ms: number; readonly forMs: number | null }
  | {
      readonly action: 'fail'
      readonly status: number
      readonly forMs: number | null
      readonly retryAfter: number | null
    }
  | { readonly action: 'drop'; readonly share: number; readonly mode: 'reset' | 'fin' }
  | { readonly action: 'end'; readonly share: number }

interface Field {
  /** What the value must be, in words. */
  readonly must: string
  readonly allows: (value: unknown) => boolean
  /** Absent: the field is required. */
  readonly preset?: unknown
}

const DAY_MS = 86_400_000

function number(min: number, max: number, isWhole: boolean): Pick<Field, 'must' | 'allows'> {
  return {
    must: `${isWhole ? 'a whole number' : 'a number'} from ${min} to ${max}`,
    allows: (value) =>
      typeof value === 'number' && value >= min && value <= max && (!isWhole || Number.isInteger(value)),
  }
}

const forMs: Field = { ...number(1, DAY_MS, false), preset: null }
const share: Field = { ...number(0, 1, false), preset: 1 }
const mode: Field = {
  must: '"reset" or "fin"',
  allows: (value) => value === 'reset' || value === 'fin',
  preset: 'reset',
}

const ACTIONS = {
  pause: {},
  resume: {},
  delay: { ms: number(0, DAY_MS, false), forMs },
  fail: { status: number(400, 599, true), forMs, retryAfter: { ...number(0, 86_400, true), preset: null } },
  drop: { share, mode },
  end: { share },
  'reset-faults': {},
} satisfies Record<ControlAction['action'], Record<string, Field>>

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The action, or a sentence for each thing that is wrong. */
export function parseControl(text: string): ControlAction | { faults: string[] } {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    return { faults: [`body: not JSON (${(error as Error).message}); send {"action": ...}`] }
  }
  const known = Object.keys(ACTIONS).join(', ')
  if (!isObject(body)) return { faults: [`body: must be an object with an action; actions are ${known}`] }
  const { action, ...given } = body
  if (typeof action !== 'string' || !Object.hasOwn(ACTIONS, action)) {
    return { faults: [`action: ${JSON.stringify(action) ?? 'missing'} is not known; actions are ${known}`] }
  }
  return parseFields(action, ACTIONS[action as keyof typeof ACTIONS], given)
}

function parseFields(
  action: string,
  fields: Record<string, Field>,
  given: Record<string, unknown>,
): ControlAction | { faults: string[] } {
  const faults: string[] = []
  const values: Record<string, unknown> = { action }
  const known = Object.keys(fields).join(', ') || 'none'
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(fields, key)) faults.push(`${key}: not a field of ${action}; its fields are: ${known}`)
  }
  for (const [key, field] of Object.entries(fields)) {
    const value = given[key]
    if (value === undefined && 'preset' in field) values[key] = field.preset
    else if (value !== undefined && field.allows(value)) values[key] = value
    else faults.push(`${key}: ${JSON.stringify(value) ?? 'missing'} must be ${field.must}`)
  }
  return faults.length > 0 ? { faults } : (values as unknown as ControlAction)
}
