import type { Microseconds } from '../model/units.ts'
import { formatCount, US_PER_SECOND } from '../model/units.ts'
import type { ProgressListener, ProgressState } from '../run/progress.ts'

/** One line on stderr, redrawn in place; silent when nobody is looking. */
export class ProgressLine {
  private readonly active: boolean
  private readonly isQuiet: boolean
  private width = 0
  private isStopping = false

  constructor(quiet: boolean) {
    this.isQuiet = quiet
    this.active = !quiet && process.stderr.isTTY
  }

  get listener(): ProgressListener | null {
    return this.active ? (state) => this.draw(describe(state)) : null
  }

  note(text: string): void {
    if (this.active) this.draw(text)
  }

  /** What takes minutes: in a log it has lines of its own, or it would look like a hang. */
  step(text: string): void {
    if (this.active) this.draw(text)
    else this.print(text)
  }

  /** A line of somebody else's, above our own. */
  print(text: string): void {
    if (this.isQuiet) return
    this.clear()
    process.stderr.write(`${text}\n`)
  }

  /** Answers Ctrl-C: from here on the end of the run is all there is to tell. */
  stopping(): void {
    this.note('stopping and writing the record · Ctrl-C again ends at once')
    this.isStopping = true
  }

  private draw(text: string): void {
    if (this.isStopping) return
    const room = Math.max(20, (process.stderr.columns || 80) - 1)
    const shown = text.slice(0, room)
    process.stderr.write(`\r${shown.padEnd(this.width)}`)
    this.width = shown.length
  }

  clear(): void {
    if (!this.active || this.width === 0) return
    process.stderr.write(`\r${' '.repeat(this.width)}\r`)
    this.width = 0
  }
}

function describe(state: ProgressState): string {
  const streams = `${formatCount(state.open)}/${formatCount(state.wanted)} streams open`
  return `${state.phase} · ${streams} · ${formatCount(state.eventsPerSecond)} events/s · ${left(state.left)} left`
}

/** Whole seconds, which do not jump about while one looks at them. */
function left(time: Microseconds): string {
  const seconds = Math.ceil(time / US_PER_SECOND)
  return seconds < 100 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
}
