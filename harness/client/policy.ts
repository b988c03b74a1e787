import { seededRandom } from '../measure/random.ts'
import type { EndReason, Failure } from '../model/ends.ts'
import type { Decision } from '../sse/reconnect.ts'
import { decide } from '../sse/reconnect.ts'
import type { StreamOutcome } from './observer.ts'
import type { StreamSettings } from './settings.ts'

/** What follows the end of a stream or of an attempt; jitter is drawn by stream and attempt, so no draw moves another. */
export function afterwards(
  settings: StreamSettings,
  ordinal: number,
  attempt: number,
  outcome: EndReason | Failure,
  retryMs: number,
): Decision {
  const { reconnect: mode, backoff, seed, request } = settings
  const random = () => seededRandom(seed, 'backoff', ordinal, attempt)()
  return decide({ mode, method: request.method, outcome, retryMs, attempt, backoff, random })
}

/** How a stream that is not reconnected has turned out, by its last end or failure. */
export function outcomeAfter(last: EndReason | Failure, wasOpen: boolean): StreamOutcome {
  if (last === 'clean' || last === 'eof' || last === 'disconnected') return 'done'
  // 204 is how a server tells its clients that there is no more to come.
  return last === 'no-content' && wasOpen ? 'done' : 'failed'
}
