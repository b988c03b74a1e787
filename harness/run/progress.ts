import type { Clock } from '../measure/clock.ts'
import type { Microseconds } from '../model/units.ts'
import { US_PER_SECOND } from '../model/units.ts'
import type { Interval, Standing } from './protocol.ts'

/** What a person wants to see while a run goes on. */
export interface ProgressState {
  phase: string
  open: number
  wanted: number
  eventsPerSecond: number
  events: number
  /** Of the run as planned, settling included. */
  left: Microseconds
}
export type ProgressListener = (state: ProgressState) => void

/** Sums over workers of what they last said. */
export class Progress {
  private readonly listener: ProgressListener | null
  private readonly clock: Clock
  private readonly standings = new Map<number, Standing>()
  private readonly rates = new Map<number, number>()
  private phaseName = ''
  private endsAt: Microseconds = 0
  private events = 0
  private total = 0

  constructor(listener: ProgressListener | null, clock: Clock) {
    this.listener = listener
    this.clock = clock
  }

  begin(phase: string, length: Microseconds, total: number): void {
    this.phaseName = phase
    this.endsAt = this.clock.now() + length
    this.total = total
  }

  phase(name: string): void {
    this.phaseName = name
    this.tell()
  }

  interval(interval: Interval): void {
    const events = eventsOf(interval)
    this.events += events
    this.rates.set(interval.worker, (events * US_PER_SECOND) / Math.max(1, interval.end - interval.start))
    this.standing(interval)
    this.tell()
  }

  standing(standing: Standing): void {
    this.standings.set(standing.worker, standing)
  }

  get settled(): number {
    return this.sum((standing) => standing.settled)
  }

  get started(): number {
    return this.sum((standing) => standing.started)
  }

  get everOpened(): number {
    return this.sum((standing) => standing.everOpened)
  }

  /** Every user of a closed model has come, and none wants anything more. */
  get allDone(): boolean {
    return this.total > 0 && this.started >= this.total && this.sum((standing) => standing.wanted) === 0
  }

  private sum(pick: (standing: Standing) => number): number {
    let total = 0
    for (const standing of this.standings.values()) total += pick(standing)
    return total
  }

  private tell(): void {
    if (this.listener === null) return
    this.listener({
      phase: this.phaseName,
      open: this.sum((standing) => standing.open),
      wanted: this.sum((standing) => standing.wanted),
      eventsPerSecond: Math.round([...this.rates.values()].reduce((sum, rate) => sum + rate, 0)),
      events: this.events,
      left: Math.max(0, this.endsAt - this.clock.now()),
    })
  }
}

function eventsOf(interval: Interval): number {
  return interval.phases.reduce((sum, { set }) => sum + (set.counters.sse_events_received ?? 0), 0)
}
