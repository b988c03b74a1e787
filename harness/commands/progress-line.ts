import type { ProgressListener, ProgressState } from '../run/progress.ts'
import { formatCount, formatDuration } from '../model/units.ts'

/** One line on stderr, redrawn in place; silent when nobody is looking. */
export class ProgressLine {
  private readonly active: boolean
  private width = 0

  constructor(quiet: boolean) {
    this.active = !quiet && process.stderr.isTTY
  }

  get listener(): ProgressListener | null {
    return this.active ? (state) => this.draw(describe(state)) : null
  }

  note(text: string): void {
    if (this.active) this.draw(text)
  }

  private draw(text: string): void {
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
  return `${state.phase} · ${streams} · ${formatCount(state.eventsPerSecond)} events/s · ${formatDuration(state.left)} left`
}
