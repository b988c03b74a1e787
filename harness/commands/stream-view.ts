import type { Colors } from 'picocolors/types.js'

import type { RequestTemplate } from '../client/request.ts'
import type { EndReason, Failure } from '../model/ends.ts'
import { END_REASONS, FAILURES } from '../model/ends.ts'
import type { Microseconds } from '../model/units.ts'
import { formatBytes, formatCount, formatDuration, US_PER_MS } from '../model/units.ts'
import { isSecretHeader, REDACTED, redactUrl } from '../plan/secrets.ts'
import type { EventView } from '../sse/event.ts'
import { textOf, typeOf } from '../sse/event.ts'
import type { StreamOutput } from './stream-output.ts'
import { StreamWatcher } from './stream-watcher.ts'

/** Everything a stream does, for a person: `>` is what we send, `<` what comes, `*` what happens. */
export class ReadableWatcher extends StreamWatcher {
  readonly #output: StreamOutput
  readonly #colors: Colors
  readonly #request: RequestTemplate
  readonly #url: string
  #startedAt: Microseconds = 0
  #lastAt: Microseconds = 0
  #bytes = 0

  constructor(output: StreamOutput, colors: Colors, request: RequestTemplate, url: string) {
    super()
    this.#output = output
    this.#colors = colors
    this.#request = request
    this.#url = url
  }

  override attempt(now: Microseconds): void {
    this.#startedAt = now
    this.#output.line(this.#colors.bold(`> ${this.#request.method} ${redactUrl(this.#url)}`))
    for (const [name, value] of this.#request.headers) this.#header('>', name, value)
  }

  override connected(now: Microseconds): void {
    this.#happened(now, 'connected')
  }

  override redirected(now: Microseconds, status: number, url: string): void {
    this.#happened(now, `redirected (${status}) to ${redactUrl(visible(url))}`)
  }

  override opened(now: Microseconds, headers: Readonly<Record<string, string>>, resumedFrom: string): void {
    super.opened(now, headers, resumedFrom)
    this.#lastAt = now
    this.#output.line(this.#colors.green(`< 200, an event stream, after ${formatDuration(now - this.#startedAt)}`))
    for (const [name, value] of Object.entries(headers)) this.#header('<', name, value)
    if (resumedFrom !== '') this.#output.line(`* resumed from last-event-id ${visible(resumedFrom)}`)
  }

  override read(_now: Microseconds, bytes: number): void {
    this.#bytes += bytes
  }

  override event(now: Microseconds, view: EventView): void {
    super.event(now, view)
    const id = view.idStart < 0 ? '' : ` #${visible(textOf(view.buffer, view.idStart, view.idEnd))}`
    const { cyan, dim } = this.#colors
    this.#output.line(`${dim(this.#since(now))} ${cyan(visible(typeOf(view)) + id)}`)
    const data = textOf(view.buffer, view.dataStart, view.dataEnd)
    for (const line of data.split('\n')) this.#output.line(`    ${visible(line)}`)
  }

  override comment(now: Microseconds): void {
    this.#output.line(this.#colors.dim(`${this.#since(now)} comment`))
  }

  override retry(now: Microseconds, ms: number): void {
    this.#output.line(this.#colors.dim(`${this.#since(now)} retry ${formatDuration(ms * US_PER_MS)}`))
  }

  override ended(now: Microseconds, reason: EndReason, detail: string): void {
    super.ended(now, reason, detail)
    const words = `${reason}: ${END_REASONS[reason]}${detail === '' ? '' : ` (${visible(detail)})`}`
    this.#output.line(this.#colors.yellow(`* ended ${words}`))
  }

  override failed(now: Microseconds, failure: Failure, detail: string): void {
    super.failed(now, failure, detail)
    const words = `${failure}: ${FAILURES[failure].what}${detail === '' ? '' : ` (${visible(detail)})`}`
    this.#output.line(this.#colors.red(`* failed ${words}`))
  }

  override waiting(_now: Microseconds, delay: Microseconds): void {
    this.#output.line(`* next attempt in ${formatDuration(delay)}`)
  }

  override finished(...args: Parameters<StreamWatcher['finished']>): void {
    const [, outcome] = args
    this.#output.line(`* ${outcome}: ${formatCount(this.events)} events, ${formatBytes(this.#bytes)}`)
    super.finished(...args)
  }

  #header(mark: string, name: string, value: string): void {
    const shown = this.#isSecret(name) ? REDACTED : visible(value)
    this.#output.line(this.#colors.dim(`${mark} ${name}: ${shown}`))
  }

  #isSecret(name: string): boolean {
    return isSecretHeader(name, [...this.#request.secrets])
  }

  #happened(now: Microseconds, what: string): void {
    this.#output.line(`* ${what} after ${formatDuration(now - this.#startedAt)}`)
  }

  #since(now: Microseconds): string {
    const gap = formatDuration(now - this.#lastAt)
    this.#lastAt = now
    return `+${gap}`.padEnd(10)
  }
}

/** A server must not be able to move the cursor or rewrite what stands on the terminal. */
function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, (char) => {
    const code = char.codePointAt(0) ?? 0
    return `\\x${code.toString(16).padStart(2, '0')}`
  })
}
