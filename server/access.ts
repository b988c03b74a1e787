import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]']

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

function hasToken(req: IncomingMessage, token: string): boolean {
  const given = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1]
  return given !== undefined && timingSafeEqual(digest(given), digest(token))
}

/**
 * May this request change the server? Null, or the sentence why not. The peer's address alone proves nothing: a page in
 * a browser on this machine, and any name that a page has made point here, comes from loopback too. Its Host is not ours.
 */
export function controlRefusal(req: IncomingMessage, token: string | null, host: string, port: number): string | null {
  if (token !== null && hasToken(req, token)) return null
  const way = token === null ? 'start the server with --token and send it' : 'send the token'
  const out = `call it from this machine by its loopback address, or ${way} as 'authorization: Bearer TOKEN'`
  if (!LOOPBACK.test(req.socket.remoteAddress ?? '')) return `/control answers only to this machine; ${out}.`
  const names = LOOPBACK.test(host) ? [...LOOPBACK_NAMES, host] : LOOPBACK_NAMES
  const isOurs = names.some((known) => req.headers.host?.toLowerCase() === `${known}:${port}`)
  return isOurs ? null : `/control needs a Host header that names this server (localhost:${port}); ${out}.`
}
