import type { StreamObserver, StreamOutcome } from '../client/observer.ts'
import type { EndReason, Failure } from '../model/ends.ts'
import { FAILURES } from '../model/ends.ts'
import type { ExitCode } from '../model/exit-codes.ts'
import { EXIT } from '../model/exit-codes.ts'
import type { Microseconds } from '../model/units.ts'
import type { EventView } from '../sse/event.ts'

/** Attempts after which a target that has never been a stream is taken to be none. */
const ATTEMPTS_WITHOUT_STREAM = 3

/** What every way of showing a stream has in common: how far it came, and the exit code that follows. Shows nothing. */
export class StreamWatcher implements StreamObserver {
  events = 0
  /** How often a stream was reached. */
  streams = 0
  /** The last thing that went wrong, in words. */
  trouble = ''
  /** Called when there is no point in trying on. */
  giveUp: () => void = () => {}
  /** Called when nothing more will come. */
  onFinished: () => void = () => {}
  #failures = 0
  #outcome: StreamOutcome = 'stopped'

  attempt(_now: Microseconds, _intended: Microseconds): void {}
  connected(_now: Microseconds): void {}
  redirected(_now: Microseconds, _status: number, _url: string): void {}
  opened(_now: Microseconds, _headers: Readonly<Record<string, string>>, _resumedFrom: string): void {
    this.streams += 1
  }
  read(_now: Microseconds, _bytes: number): void {}
  event(_now: Microseconds, _view: EventView): void {
    this.events += 1
  }
  comment(_now: Microseconds): void {}
  retry(_now: Microseconds, _ms: number): void {}
  ended(_now: Microseconds, reason: EndReason, detail: string): void {
    this.trouble = detail === '' ? reason : `${reason} (${detail})`
  }
  failed(_now: Microseconds, failure: Failure, detail: string): void {
    this.#failures += 1
    const { what } = FAILURES[failure]
    this.trouble = detail === '' ? what : `${what} (${detail})`
    // [NON-SPEC] An EventSource would try for ever. A person who mistyped a port, or a CI job, wants to be told; a stream
    // that has been there once may come back.
    const hopeless = failure === 'refused' || failure === 'dns' || this.#failures >= ATTEMPTS_WITHOUT_STREAM
    if (this.streams === 0 && hopeless) this.giveUp()
  }
  waiting(_now: Microseconds, _delay: Microseconds): void {}
  finished(_now: Microseconds, outcome: StreamOutcome, _detail: string): void {
    this.#outcome = outcome
    this.onFinished()
  }

  /** The exit code by how the stream came out; a signal is the command's to know. */
  exitCode(): ExitCode {
    if (this.streams === 0) return EXIT.unreachable
    return this.#outcome === 'failed' ? EXIT.failed : EXIT.pass
  }
}
