/** Finding and cutting out secrets in text: URLs, bodies, header values. Only values go, so that the rest can be read. */
export const REDACTED = '[redacted]'
/** `${NAME}` of the environment, `{stream}` of the virtual user. */
const REFERENCE = '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}|\\{stream(?:%\\d+)?\\}'

/** The last word of a name tells what it holds: `access_token`, `accessToken` and `X-Auth-Token` are tokens. */
const SECRET_WORDS: ReadonlySet<string> = new Set(
  (
    'token tokens key keys apikey secret secrets password passwd passphrase pwd pass auth authorization ' +
    'authentication jwt sig signature credential credentials bearer cookie sessionid'
  ).split(' '),
)

export function isSecretName(name: string): boolean {
  const words = decode(name)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  return SECRET_WORDS.has(words.at(-1) ?? '') || SECRET_WORDS.has(words.slice(-2).join(''))
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const ONLY_REFERENCES = new RegExp(`^(?:(?:Bearer|Basic|Token|Digest)\\s+)?(?:(?:${REFERENCE}):?)+$`, 'i')

/** A value that is nothing but references (and a scheme word such as Bearer) holds no secret itself. */
export const isReference = (value: string): boolean => ONLY_REFERENCES.test(value.trim())

/** A credential by its form, in whatever header or field it stands. */
const isCredential = (value: string): boolean => /^\s*(?:Bearer|Basic|Digest)\s+\S/i.test(value) && !isReference(value)

/** `max_tokens: 4096` says how many. */
const isCount = (name: string, value: string): boolean => /(?:tokens|keys)$/i.test(name) && /^\d{1,9}$/.test(value)

/** Whether a value has to be cut out because of its name, or of what it looks like. */
export function isSecret(name: string, value: string): boolean {
  const isNamed = isSecretName(name) && value !== '' && !isReference(value) && !isCount(name, value)
  return isNamed || isCredential(value)
}

const BEGINS_AS_URL = /^\s*(?:https?:|[a-z][a-z0-9+.-]*:\/\/)/i

/**
 * Userinfo and the values of secret-looking parameters, cut out of all URLs in a text, so that templates survive. A text
 * that is one URL is read as URL parsers do, which take slashes of either kind or none, and blanks and quotes in what
 * they escape later; in other text these end a URL.
 */
export function redactUrl(text: string, isWhole = BEGINS_AS_URL.test(text)): string {
  const user = isWhole ? /^(\s*[a-z][a-z0-9+.-]*:[/\\]*)([^/\\?#]*)@/gi : /([a-z][a-z0-9+.-]*:\/\/)([^/?#\s"]*)@/gi
  const withoutUser = text.replaceAll(user, (whole, scheme: string, name: string) =>
    isReference(name) ? whole : `${scheme}${REDACTED}@`,
  )
  return redactPairs(withoutUser, isWhole ? /([?&;#])([^=?&;#]+)=([^&#]*)/g : /([?&;#])([^=?&;#\s]+)=([^&;#\s"]*)/g)
}

/** The value of a name that is no secret may be a URL with pairs of its own. */
function redactPairs(text: string, pairs: RegExp): string {
  return text.replaceAll(
    pairs,
    (_, mark: string, name: string, value: string) =>
      `${mark}${name}=${isSecret(name, value) ? REDACTED : redactPairs(value, pairs)}`,
  )
}

/** Secret-looking fields of a JSON, form or other body. */
export function redactBody(body: string): string {
  const parsed = parseJson(body)
  if (parsed !== null) {
    const redacted = redactValue('', parsed)
    // Written anew only when something was cut out: numbers of more digits than a double holds would change.
    return JSON.stringify(redacted) === JSON.stringify(parsed) ? body : JSON.stringify(redacted)
  }
  // A template or lines of JSON: by text. Whole members go, whatever kind of value they have.
  const members = body.replaceAll(
    /"((?:[^"\\]|\\.)*)"(\s*:\s*)("(?:[^"\\]|\\.)*"|\$\{\w+\}|[^\s,"{}[\]]+)/g,
    (whole, name: string, colon: string, value: string) =>
      isSecret(name, value.replaceAll(/^"|"$/g, '')) ? `"${name}"${colon}"${REDACTED}"` : redactUrl(whole),
  )
  return /^\s*[{[]/.test(body) ? redactUrl(members) : redactPairs(members, /(^|[&;\n])([^=&;\s]+)=([^&\n]*)/g)
}

/** Strings, numbers and arrays in JSON; everything within a secret-looking member goes. */
function redactValue(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => redactValue(name, item))
  if (typeof value === 'object' && value !== null) {
    const inherited = isSecretName(name) ? name : ''
    const members = Object.entries(value).map(([key, item]) => [key, redactValue(inherited || key, item)] as const)
    return Object.fromEntries(members)
  }
  if (typeof value === 'string') return isSecret(name, value) ? REDACTED : redactUrl(value)
  return typeof value === 'number' && isSecret(name, String(value)) ? REDACTED : value
}

function parseJson(text: string): object | null {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}
