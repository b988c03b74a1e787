import { check } from 'k6'

import type { Outcome } from './open-stream.ts'

/** The least that has to be true of every stream; a threshold on `checks` makes it count. */
export function checkStream(outcome: Outcome, tags?: Record<string, string>): boolean {
  return check(
    outcome,
    {
      'status is 200': ({ status }) => status === 200,
      'stream was not cut off': ({ error }) => error === '',
      'events arrived': ({ events }) => events > 0,
    },
    tags,
  )
}
