import type { EventView, ParserSink } from '../../../harness/sse/event.ts'
import { textOf, typeOf } from '../../../harness/sse/event.ts'
import type { ParserOptions } from '../../../harness/sse/parser.ts'
import { SseParser } from '../../../harness/sse/parser.ts'
import type { Expected } from '../../fixtures/streams/fixture.ts'

/** Turns what a parser reports into values that can be compared; views are read during the call, as the contract says. */
export class Collector implements ParserSink {
  readonly found: Expected[] = []
  overflows = 0
  readonly ids: (string | null)[] = []
  readonly numbers: number[] = []

  event(view: EventView): void {
    const { buffer, dataStart, dataEnd, idStart, idEnd } = view
    this.ids.push(idStart < 0 ? null : textOf(buffer, idStart, idEnd))
    this.numbers.push(view.lastEventNumber)
    this.found.push({
      type: 'event',
      event: typeOf(view),
      data: textOf(buffer, dataStart, dataEnd),
      lastEventId: view.lastEventId(),
      hasId: idStart >= 0,
    })
  }
  comment(): void {
    this.found.push({ type: 'comment' })
  }
  retry(ms: number): void {
    this.found.push({ type: 'retry', ms })
  }
  overflow(): void {
    this.overflows += 1
  }
}

/** Feeds the bytes cut at these places; each chunk is destroyed after its push, as a shared read buffer would be. */
export function collect(bytes: Uint8Array, cuts: readonly number[] = [], options: ParserOptions = {}): Collector {
  const collector = new Collector()
  const parser = new SseParser(collector, options)
  const borders = [0, ...[...cuts].toSorted((a, b) => a - b), bytes.length]
  for (let i = 1; i < borders.length; i += 1) {
    const chunk = Buffer.from(bytes.slice(borders[i - 1], borders[i]))
    parser.push(chunk)
    chunk.fill('!')
  }
  return collector
}
