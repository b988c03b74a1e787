/** Where in an event its number or its time stands: `id`, `json:$.path`, `regex:(...)`. */
export type FieldSpec =
  | { source: 'id' }
  | { source: 'json'; path: readonly (string | number)[] }
  | { source: 'regex'; pattern: string }

export type StampUnit = 'ns' | 'us' | 'ms' | 's'
export interface StampSpec {
  field: FieldSpec
  /** Epoch time in this unit. */
  unit: StampUnit
}

const STAMP_UNITS: readonly string[] = ['ns', 'us', 'ms', 's']

/** `json:$.seq` -> a spec, or the sentence that says what is wrong with it. */
export function parseFieldSpec(text: string): FieldSpec | { fault: string } {
  if (text === 'id') return { source: 'id' }
  if (text.startsWith('json:')) {
    const path = parseJsonPath(text.slice('json:'.length))
    return path === null
      ? { fault: `"${text}" has no JSON path; write json:$.name, json:$.a.b or json:$.list[0]` }
      : { source: 'json', path }
  }
  if (text.startsWith('regex:')) return parseRegex(text.slice('regex:'.length))
  return { fault: `"${text}" says not where to look; write id, json:$.path or regex:(...)` }
}

/** `json:$.t:ns`, `id:ms`, `regex:t=(\d+):us` -> a stamp, or what is wrong with it. The unit is asked for, never guessed. */
export function parseStampSpec(text: string): StampSpec | { fault: string } {
  const colon = text.lastIndexOf(':')
  const unit = text.slice(colon + 1)
  if (colon < 0 || !STAMP_UNITS.includes(unit))
    return { fault: `"${text}" has no unit at its end; write for example ${text}:ms (ns, us, ms or s)` }
  const field = parseFieldSpec(text.slice(0, colon))
  return 'fault' in field ? field : { field, unit: unit as StampUnit }
}

function parseRegex(pattern: string): FieldSpec | { fault: string } {
  try {
    // An alternation with the empty string matches anything, and so tells how many groups there are.
    const groups = (new RegExp(`${pattern}|`, 'u').exec('')?.length ?? 1) - 1
    if (groups !== 1) return { fault: `regex "${pattern}" has ${groups} groups; exactly one must hold the value` }
    return { source: 'regex', pattern }
  } catch (error) {
    return { fault: `regex "${pattern}" is not valid: ${error instanceof Error ? error.message : String(error)}` }
  }
}

const STEP = /\.([A-Za-z_$][\w$-]*)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/y

function parseJsonPath(text: string): (string | number)[] | null {
  if (!text.startsWith('$') || text.length === 1) return null
  const path: (string | number)[] = []
  STEP.lastIndex = 1
  while (STEP.lastIndex < text.length) {
    const step = STEP.exec(text)
    if (step === null) return null
    const key = step[1] ?? (step[2] === undefined ? parseKey(step[3] ?? '') : Number(step[2]))
    if (key === null) return null
    path.push(key)
  }
  return path
}

/** The inside of a quoted key, or null when its escapes are none of JSON's. */
function parseKey(text: string): string | null {
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return null
  }
}
