import type { EndReason, Failure } from '../model/ends.ts'

/** How far a connection had come when it broke. */
export type Stage = 'tcp' | 'tls' | 'request'

const LOCAL_LIMITS = new Set([
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EAGAIN',
  'EAI_MEMORY',
])
const LOST = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN'])
/** The transport refuses what it was asked to do. */
const OUR_FAULTS = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'ERR_ASSERTION',
])

/** An error that no server and no network can cause. */
export function isOwnFault(error: Error): boolean {
  return OUR_FAULTS.has(codeOf(error))
}

/** Why a connection did not come to a response. */
export function failureOf(error: Error, stage: Stage): Failure {
  const code = codeOf(error)
  if (LOCAL_LIMITS.has(code)) return 'local-limit'
  if (stage === 'tcp') return connectFailure(error, code)
  if (LOST.has(code)) return 'connection-lost'
  if (stage === 'tls') return 'tls'
  if (error.name === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW' || code.startsWith('ERR_SSL_'))
    return 'protocol-error'
  // "bad response", "bad upgrade": an answer that HTTP does not allow here. Otherwise the other side closed.
  if (code === 'UND_ERR_SOCKET' && error.message.startsWith('bad ')) return 'protocol-error'
  return 'connection-lost'
}

function connectFailure(error: Error, code: string): Failure {
  if (code === 'ETIMEDOUT') return 'connect-timeout'
  if ((error as NodeJS.ErrnoException).syscall === 'getaddrinfo' || code.startsWith('EAI_')) return 'dns'
  // Whatever else keeps a connection from being made was said at once and by the network, like a refusal.
  return code === 'ECONNRESET' ? 'connection-lost' : 'refused'
}

/** Why an open stream broke; `ended`: the other side had sent its FIN, so the parser only missed the rest of the body. */
export function endOf(error: Error, ended: boolean): EndReason {
  const code = codeOf(error)
  if (LOST.has(code)) return 'reset'
  return ended || code === 'UND_ERR_SOCKET' ? 'truncated' : 'protocol-error'
}

export function detailOf(error: Error): string {
  return error.message === '' ? codeOf(error) : error.message
}

/** Of a name with several addresses every one may fail differently; a refusal says the most about the target. */
function codeOf(error: Error): string {
  const codes = error instanceof AggregateError ? error.errors.map((one) => ownCode(one as Error)) : []
  return codes.includes('ECONNREFUSED') ? 'ECONNREFUSED' : (codes[0] ?? ownCode(error))
}

function ownCode(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? ''
}
