/** What `__ENV` of k6 is; an argument here, so that this file needs no k6. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Reads one setting; throws an Error that names the variable and its value. */
export type Reader<T> = (env: Environment) => T

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** All settings of a script at once, so that a run is refused with every fault and not with the first one. */
export function settingsFrom<T extends object>(env: Environment, readers: { [K in keyof T]: Reader<T[K]> }): T {
  const settings: Partial<T> = {}
  const faults: string[] = []
  for (const name of Object.keys(readers) as (keyof T)[]) {
    try {
      settings[name] = readers[name](env)
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error))
    }
  }
  if (faults.length > 0) throw new Error(`Settings:\n  ${faults.join('\n  ')}`)
  return settings as T
}

/** A whole number. An empty variable counts as unset: that is what `-e NAME=$UNSET` makes of one. */
export function count(name: string, byDefault: number, least = 1): Reader<number> {
  return (env) => {
    const given = env[name]?.trim() ?? ''
    if (given === '') return byDefault
    const value = Number(given)
    if (/^\d+$/.test(given) && Number.isSafeInteger(value) && value >= least) return value
    throw fault(name, given, `is no whole number from ${least} on`)
  }
}

/** A part of a whole, 0 to 1. */
export function share(name: string, byDefault: number): Reader<number> {
  return (env) => {
    const given = env[name]?.trim() ?? ''
    if (given === '') return byDefault
    const value = Number(given)
    if (value >= 0 && value <= 1) return value
    throw fault(name, given, 'is no share; write a number from 0 to 1, such as 0.1')
  }
}

/** Milliseconds. */
export function duration(name: string, byDefault: string): Reader<number> {
  return (env) => {
    const given = env[name]?.trim() || byDefault
    const ms = parseDuration(given)
    if (ms !== null) return ms
    throw fault(name, given, 'is no duration; write a number with its unit, such as 500ms, 5s or 1m30s')
  }
}

/** Milliseconds, or null where nobody set one. */
export function optionalDuration(name: string): Reader<number | null> {
  return (env) => ((env[name]?.trim() ?? '') === '' ? null : duration(name, '')(env))
}

/** The address of the stream; `{stream}` in it is kept for `streamUrl`. */
export function address(name: string, byDefault: string): Reader<string> {
  return (env) => {
    const given = env[name]?.trim() || byDefault
    if (!/^https?:\/\/[^/]/.test(given)) throw fault(name, given, 'is no http:// or https:// address')
    if (/\{stream%0+\}/.test(given)) throw fault(name, given, 'has {stream%0}, which would divide by nothing')
    return given
  }
}

/** `5s`, `250ms`, `1m30s` -> milliseconds. A bare number is not one: nobody can see whether it means seconds. */
function parseDuration(text: string): number | null {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/gy)]
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) return null
  return Math.round(parts.reduce((sum, part) => sum + Number(part[1]) * (MS_PER_UNIT[part[2] ?? ''] ?? NaN), 0))
}

export function fault(name: string, given: string, what: string): Error {
  return new Error(`${name}=${given} ${what}`)
}
