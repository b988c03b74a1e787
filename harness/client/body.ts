import type { Microseconds } from '../model/units.ts'
import type { EventView, ParserSink } from '../sse/event.ts'
import { SseParser } from '../sse/parser.ts'
import type { StreamObserver } from './observer.ts'
import type { StreamSettings, Until } from './settings.ts'

/** What of a body's content ends its stream. */
export type BodyEnd = 'max-events' | 'until' | 'line-too-long'

/** Parses the bodies of one stream, one after the other, and tells the observer with the time of the chunk. */
export class Body implements ParserSink {
  readonly #parser: SseParser
  readonly #observer: StreamObserver
  readonly #settings: StreamSettings
  readonly #onEnd: (reason: BodyEnd) => void
  #now: Microseconds = 0
  #events = 0
  retryMs: number

  constructor(
    settings: StreamSettings,
    lastEventId: string,
    observer: StreamObserver,
    onEnd: (reason: BodyEnd) => void,
  ) {
    this.#parser = new SseParser(this, { limit: settings.lineLimit, lastEventId })
    this.#observer = observer
    this.#settings = settings
    this.#onEnd = onEnd
    this.retryMs = settings.retryMs
  }

  get lastEventId(): string {
    return this.#parser.lastEventId()
  }

  begin(): void {
    this.#parser.reset()
  }

  /** The rest of the current chunk is not looked at. */
  end(): void {
    this.#parser.close()
  }

  read(now: Microseconds, chunk: Buffer): void {
    this.#now = now
    this.#observer.read(now, chunk.length)
    this.#parser.push(chunk)
  }

  event(view: EventView): void {
    this.#events += 1
    this.#observer.event(this.#now, view)
    const { maxEvents, until } = this.#settings
    if (until !== null && matches(view, until)) this.#onEnd('until')
    else if (maxEvents !== null && this.#events >= maxEvents) this.#onEnd('max-events')
  }

  comment(): void {
    this.#observer.comment(this.#now)
  }

  retry(ms: number): void {
    this.retryMs = ms
    this.#observer.retry(this.#now, ms)
  }

  overflow(): void {
    this.#onEnd('line-too-long')
  }
}

const MESSAGE = Buffer.from('message')

function matches(view: EventView, { field, value }: Until): boolean {
  const { buffer } = view
  if (field === 'data') return equals(value, buffer, view.dataStart, view.dataEnd)
  if (field === 'id') return view.idStart >= 0 && equals(value, buffer, view.idStart, view.idEnd)
  if (view.typeStart === view.typeEnd) return value.equals(MESSAGE)
  return equals(value, buffer, view.typeStart, view.typeEnd)
}

function equals(value: Buffer, buffer: Buffer, start: number, end: number): boolean {
  return end - start === value.length && value.compare(buffer, start, end) === 0
}
