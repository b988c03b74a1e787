import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'

import { headerFaults } from '../client/request.ts'
import type { RunPlan } from '../model/plan.ts'
import { resolveReferences } from '../plan/secrets.ts'
import { userUrl } from './user-url.ts'

/**
 * What of a plan's request cannot be sent, once its environment variables are filled in: every worker could only fail on
 * it. No sentence repeats a value, because it may be a secret.
 */
export function requestFaults({ target }: RunPlan, env: NodeJS.ProcessEnv = process.env): string[] {
  const headers = Object.entries(target.headers).map(([name, value]) => [name, resolveReferences(value, env)] as const)
  const faults = headerFaults(Object.fromEntries(headers)).map((fault) => `target.headers: ${fault}`)
  if (!URL.canParse(resolveReferences(userUrl(target.url, 0), env)))
    faults.push('target.url: with its environment variables filled in it is not a URL; look at what they hold')
  if (/\{stream%0+\}/.test(target.url))
    faults.push('target.url: {stream%0} would divide by nothing; write {stream%4} for four different numbers')
  return target.ca === null ? faults : [...faults, ...caFaults(target.ca)]
}

function caFaults(file: string): string[] {
  try {
    // TLS itself takes any text, and would then trust nobody.
    void new X509Certificate(readFileSync(file))
    return []
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return [`target.ca: "${file}" holds no certificate that can be read (${code ?? message}); name a PEM file`]
  }
}
