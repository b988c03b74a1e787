import type { EndReason, Failure } from '../model/ends.ts'
import type { Microseconds } from '../model/units.ts'
import type { EventView } from '../sse/event.ts'

export type StreamOutcome = 'done' | 'failed' | 'stopped'

/**
 * Everything one virtual user's stream does, in order:
 * `(attempt connected? redirected* (opened (read (event|comment)*)* ended | failed) waiting)* finished`.
 * A stream that is stopped while it connects or waits goes straight to `finished`. Plain methods, because `read` and
 * `event` are the hot path. What an observer throws is a bug, never a network error: it surfaces as an uncaught exception.
 */
export interface StreamObserver {
  /** A connection attempt starts; it was due at `intendedUs` (scheduled start, or the loss plus the wait). */
  attempt(nowUs: Microseconds, intendedUs: Microseconds): void
  /** TCP, and TLS where there is one, is up; once an attempt, before any redirect. */
  connected(nowUs: Microseconds): void
  /** The answer was a redirect that is followed, within the same attempt. */
  redirected(nowUs: Microseconds, status: number, url: string): void
  /** 200 and text/event-stream. `resumedFrom` is the Last-Event-ID that was sent, or ''. */
  opened(nowUs: Microseconds, headers: Readonly<Record<string, string>>, resumedFrom: string): void
  /** A chunk of the body, before its events. */
  read(nowUs: Microseconds, bytes: number): void
  /** `nowUs` is that of the chunk in which the event was completed. The view holds only during the call. */
  event(nowUs: Microseconds, view: EventView): void
  comment(nowUs: Microseconds): void
  /** The server set the reconnection time. */
  retry(nowUs: Microseconds, ms: number): void
  /** An open stream ended. */
  ended(nowUs: Microseconds, reason: EndReason, detail: string): void
  /** An attempt did not become a stream. */
  failed(nowUs: Microseconds, failure: Failure, detail: string): void
  /** The next attempt is due in `delay`. */
  waiting(nowUs: Microseconds, delay: Microseconds): void
  /** Nothing will follow. */
  finished(nowUs: Microseconds, outcome: StreamOutcome, detail: string): void
}
