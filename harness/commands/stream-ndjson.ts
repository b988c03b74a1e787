import type { Microseconds } from '../model/units.ts'
import type { EventView } from '../sse/event.ts'
import { textOf, typeOf } from '../sse/event.ts'
import type { StreamOutput } from './stream-output.ts'
import { StreamWatcher } from './stream-watcher.ts'

/** One JSON object a line: what a script gets of an EventSource's message event. */
export class NdjsonWatcher extends StreamWatcher {
  readonly #output: StreamOutput

  constructor(output: StreamOutput) {
    super()
    this.#output = output
  }

  override event(now: Microseconds, view: EventView): void {
    super.event(now, view)
    const { buffer, dataStart, dataEnd } = view
    this.#output.line(
      JSON.stringify({ type: typeOf(view), data: textOf(buffer, dataStart, dataEnd), id: view.lastEventId() }),
    )
  }
}
