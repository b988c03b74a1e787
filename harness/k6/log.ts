const MOST_EXCEPTIONS = 5
const MOST_ERRORS = 20

export interface Exceptions {
  count: number
  /** The first few that differ, one line each. */
  first: string[]
}

interface Entry {
  level: string
  msg: string
  source?: string
  error?: string
  executor?: string
  scenario?: string
}

/** k6's log, `--log-format=json`, one line at a time. Holds a few lines, however many come. */
export class K6Log {
  readonly exceptions: Exceptions = { count: 0, first: [] }
  /** Errors that no iteration threw. */
  readonly errors: string[] = []
  private readonly onOutput: (line: string) => void

  constructor(onOutput: (line: string) => void) {
    this.onOutput = onOutput
  }

  line(line: string): void {
    const entry = parseEntry(line)
    if (entry === null) {
      // Not of the logger: a Go program that dies says why in plain text. The command line's advice is not for our user.
      if (!line.startsWith('Flag --')) this.addError(line.trim())
      return
    }
    const level = LEVELS[entry.level] ?? 'error'
    if (entry.source === 'console') this.onOutput(level === 'info' ? entry.msg : `${level}: ${entry.msg}`)
    else if (level === 'warning') this.onOutput(`warning: ${withCause(entry)}`)
    else if (level === 'error') this.addFault(entry)
  }

  private addFault(entry: Entry): void {
    if (isException(entry)) {
      this.exceptions.count += 1
      const { first } = this.exceptions
      const text = cleanMessage(entry.msg)
      if (first.length < MOST_EXCEPTIONS && !first.includes(text)) first.push(text)
      return
    }
    // Thresholds are known one by one.
    if (!entry.msg.startsWith("thresholds on metrics '")) this.addError(cleanMessage(withCause(entry)))
  }

  private addError(text: string): void {
    if (text !== '' && this.errors.length < MOST_ERRORS) this.errors.push(text)
  }
}

const LEVELS: Readonly<Record<string, 'debug' | 'info' | 'warning' | 'error'>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warning: 'warning',
}

/**
 * What ended an iteration (getIterationRunner in k6's lib/executor/helpers.go): an exception has the source
 * `stacktrace`; a promise nobody handled, every throw of an async function among them, has none. Other errors of the
 * same logger carry their cause in a field of its own. Iterations that k6 itself interrupted are not logged.
 */
function isException({ executor, scenario, source, error }: Entry): boolean {
  if (executor === undefined || scenario === undefined) return false
  return source === 'stacktrace' || (source === undefined && error === undefined)
}

const withCause = ({ msg, error }: Entry): string => (error === undefined ? msg : `${msg}: ${error}`)

function parseEntry(line: string): Entry | null {
  // Before k6 has read its command line it does not know which format is wanted.
  const [, level, quoted] = /^time="[^"]*" level=(\w+) msg=("(?:[^"\\]|\\.)*")/.exec(line) ?? []
  try {
    if (level !== undefined && quoted !== undefined) return { level, msg: JSON.parse(quoted) as string }
    const entry = line.startsWith('{') ? (JSON.parse(line) as Partial<Entry>) : {}
    return typeof entry.level === 'string' && typeof entry.msg === 'string' ? (entry as Entry) : null
  } catch {
    return null
  }
}

/**
 * One line for a person: without what k6 puts around a message, files as paths, and of a stack the first line of the
 * script.
 */
export function cleanMessage(message: string): string {
  const [text = '', ...frames] = message.split(/\n?\tat /)
  const frame = frames.map((line) => /(file:\/\/\S+?:\d+:\d+)/.exec(line)?.[1]).find((place) => place !== undefined)
  const cleaned = text
    .replace(/^could not initialize '[^']*': /, '')
    .replace(/^could not load (?:JS test|test archive bundle) '[^']*': /, '')
    .replace(/^Uncaught \(in promise\) /, '')
    .replace(/^GoError: /, '')
    .replace(/(file:\/\/\S+): Line (\d+):(\d+) /, '$1:$2:$3: ')
    .replaceAll(/(file:\/\/[^\s()]+:\d+:\d+)\(\d+\)/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return paths(frame === undefined ? cleaned : `${cleaned} at ${frame}`)
}

const paths = (text: string): string =>
  text.replaceAll(/file:\/\/(\/[^\s()]*)/g, (_, encoded: string) => {
    try {
      return decodeURIComponent(encoded)
    } catch {
      return encoded
    }
  })
