import type { Params } from 'k6/x/sse'

import type { Reader } from './settings.ts'
import { fault } from './settings.ts'

/** What a script leaves to the user; when a stream starts and ends is the script's business. */
export type UserParams = Omit<Params, 'timeout' | 'dueAt'>

const OF_THE_SCRIPT = ['timeout', 'dueAt']

/** Further parameters of `sse.open()` as a JSON object. Which of them exist is for the module to say. */
export function params(name: string): Reader<UserParams> {
  return (env) => {
    const given = env[name]?.trim() || '{}'
    const value = parsed(given)
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw fault(name, given, `is no JSON object; write one such as '{"headers":{"x-user":"7"}}'`)
    const taken = OF_THE_SCRIPT.filter((key) => key in value)
    if (taken.length > 0)
      throw fault(name, given, `has ${taken.join(' and ')}, which the script sets from its durations`)
    return value
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
