import type { RunPlan } from '../model/plan.ts'

export const REDACTED = '[redacted]'

const SECRET_HEADERS = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key', 'x-auth-token']
const SECRET_NAMES =
  /^(.*[_-])?(token|access_token|api_?key|key|secret|password|passwd|pwd|auth|authorization|jwt|sig|signature|credentials?)$/i
const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

/** Faults for `${NAME}` references whose variable is not set. */
export function unresolvedReferences(plan: RunPlan, env: NodeJS.ProcessEnv): string[] {
  const places: [string, string][] = [['target.url', plan.target.url]]
  for (const [name, value] of Object.entries(plan.target.headers)) places.push([`target.headers.${name}`, value])
  if (plan.target.body !== null) places.push(['target.body', plan.target.body])
  return places.flatMap(([path, text]) =>
    [...text.matchAll(REFERENCE)]
      .filter((match) => env[match[1] ?? ''] === undefined)
      .map((match) => `${path}: the environment variable ${match[1]} is not set; set it before the run`),
  )
}

/** The text with its `${NAME}` references filled in, for use on the wire only. */
export function resolveReferences(text: string, env: NodeJS.ProcessEnv): string {
  return text.replaceAll(REFERENCE, (_, name: string) => env[name] ?? '')
}

/** A copy fit for reports: references stay references, literals where secrets live are cut out and listed. */
export function redactPlan(plan: RunPlan): RunPlan {
  const shown = structuredClone(plan)
  const redacted: string[] = []
  const url = redactUrl(plan.target.url)
  if (url !== plan.target.url) redacted.push('target.url')
  shown.target.url = url
  for (const [name, value] of Object.entries(plan.target.headers)) {
    if (!isSecretHeader(name, plan.target.secretHeaders) || isReference(value)) continue
    shown.target.headers[name] = REDACTED
    redacted.push(`target.headers.${name}`)
  }
  if (plan.target.body !== null) {
    const body = redactBody(plan.target.body)
    if (body !== plan.target.body) redacted.push('target.body')
    shown.target.body = body
  }
  shown.redacted = redacted
  return shown
}

export function isSecretHeader(name: string, named: readonly string[]): boolean {
  const lower = name.toLowerCase()
  return (
    SECRET_HEADERS.includes(lower) || SECRET_NAMES.test(lower) || named.some((other) => other.toLowerCase() === lower)
  )
}

/** A value that is nothing but references (and a scheme word such as Bearer) holds no secret itself. */
function isReference(value: string): boolean {
  return /^(?:(?:Bearer|Basic|Token)\s+)?(?:\$\{[A-Za-z_][A-Za-z0-9_]*\})+$/.test(value.trim())
}

/** Userinfo and the values of secret-looking query parameters, cut out of a URL by text so that templates survive. */
export function redactUrl(url: string): string {
  const withoutUser = url.replace(/^([a-z]+:\/\/)([^/?#@]*)@/i, (whole, scheme: string, user: string) =>
    isReference(user) ? whole : `${scheme}${REDACTED}@`,
  )
  return withoutUser.replaceAll(/([?&])([^=&#]+)=([^&#]*)/g, (whole, mark: string, name: string, value: string) =>
    SECRET_NAMES.test(decode(name)) && !isReference(value) ? `${mark}${name}=${REDACTED}` : whole,
  )
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Secret-looking fields of a JSON or form body. Only the values go, so that the plan can still be read. */
function redactBody(body: string): string {
  const json = body.replaceAll(
    /"([^"\\]+)"(\s*:\s*)"((?:[^"\\]|\\.)*)"/g,
    (whole, name: string, colon: string, value: string) =>
      SECRET_NAMES.test(name) && !isReference(value) ? `"${name}"${colon}"${REDACTED}"` : whole,
  )
  return json.replaceAll(/(^|&)([^=&\s"]+)=([^&\s]*)/g, (whole, mark: string, name: string, value: string) =>
    SECRET_NAMES.test(decode(name)) && !isReference(value) ? `${mark}${name}=${REDACTED}` : whole,
  )
}

/** The command line as typed, without the secrets in its headers, URLs and bodies. */
export function redactArguments(argv: readonly string[], secretHeaders: readonly string[]): string[] {
  let expects = ''
  return argv.map((argument) => {
    const flag = /^(--(?:header|url|body|stats-url|token))(?:=([\s\S]*))?$/.exec(argument)
    const previous = expects
    expects = flag !== null && flag[2] === undefined ? (flag[1] ?? '') : ''
    if (flag !== null && flag[2] !== undefined)
      return `${flag[1]}=${redactValue(flag[1] ?? '', flag[2], secretHeaders)}`
    if (previous !== '') return redactValue(previous, argument, secretHeaders)
    return argument.includes('://') ? redactUrl(argument) : argument
  })
}

function redactValue(flag: string, value: string, secretHeaders: readonly string[]): string {
  if (flag === '--token') return REDACTED
  if (flag === '--body') return redactBody(value)
  if (flag !== '--header') return redactUrl(value)
  const colon = value.indexOf(':')
  const name = value.slice(0, colon)
  return colon > 0 && isSecretHeader(name, secretHeaders) && !isReference(value.slice(colon + 1))
    ? `${name}: ${REDACTED}`
    : value
}
