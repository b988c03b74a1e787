import type { EndReason, Failure } from '../model/ends.ts'
import { isOwnEnd } from '../model/ends.ts'
import type { Microseconds } from '../model/units.ts'
import type { EventBytes } from './extract.ts'
import { ReferenceExtractor } from './extract.ts'
import type { FanoutChannel } from './fanout.ts'
import type { HistogramKey } from './histogram-set.ts'
import type { StreamBalance } from './reconcile.ts'
import type { PhaseMember, Recorder } from './recorder.ts'
import { STALENESS_TICK } from './recorder.ts'
import type { ConnectionLedger } from './sequence-ledger.ts'
import { SequenceLedger } from './sequence-ledger.ts'

const MOST_RANGES = 100
const NEVER = 0
const GOLDEN_RATIO = 0.618033988749895

/** Counts of all streams of a worker, kept as they happen. */
export interface EndTallies {
  ends: Record<string, number>
  failures: Record<string, number>
  /** Ends that neither the plan nor the client chose. */
  unexpected: number
  /** Streams that have been open at least once. */
  everOpened: number
  /** Streams whose first attempt has come to something. */
  settled: number
  /** Response headers of the first stream that opened. */
  headers: Record<string, string> | null
  badSequence: string | null
  /** A stamp could be read from some event. */
  stamped: boolean
}

export const newTallies = (): EndTallies => ({
  ends: {},
  failures: {},
  unexpected: 0,
  everOpened: 0,
  settled: 0,
  headers: null,
  badSequence: null,
  stamped: false,
})

type Headers = Readonly<Record<string, string | string[] | undefined>>

export interface MeasuredUser {
  stream: number
  /** Name of the sequence until the server tells its own: the URL. */
  channelName: string
  intendedAt: Microseconds
  /** A clean end by the server completes this stream, because it is not going to reconnect. */
  endsCleanly: boolean
  /** Its profile reads slowly on purpose. */
  slow: boolean
}

/**
 * Everything that is measured of one virtual user's stream, over all its connections. Called by the client for every
 * event; `now` is always the one clock read of the chunk that the event came in.
 */
export class StreamRecorder implements PhaseMember {
  readonly stream: number
  readonly ledger = new SequenceLedger()
  readonly connections: ConnectionLedger[] = []
  /** Told when nothing will follow; the worker then lets go of the stream. */
  onFinished: (() => void) | null = null
  /** Of the measured phase that ended last: the number of bursts this stream has seen. */
  lastPhase = { index: -1, events: 0, gaps: 0 }
  private phaseEvents = 0
  private phaseGaps = 0
  channelName: string
  private readonly recorder: Recorder
  private readonly tallies: EndTallies
  private readonly intendedAt: Microseconds
  private channel: FanoutChannel | null = null
  private attemptAt: Microseconds = NEVER
  private attemptIntended: Microseconds = NEVER
  private openedAt: Microseconds = NEVER
  private lastReadAt: Microseconds = NEVER
  private lastEventAt: Microseconds = NEVER
  private newestDue: Microseconds = NEVER
  private tick = 0
  private nextTick: Microseconds = Infinity
  private worstGap: Microseconds = 0
  /** Last event before the stream was lost; NEVER while it is not. */
  private lostSince: Microseconds = NEVER
  private lostNoticed: Microseconds = NEVER
  private everOpened = false
  private isSettled = false
  private isOpen = false
  private unsequenced = 0
  /** Ends still to come that the plan has asked for (the server was told to drop its streams). */
  private expectedEnds = 0
  private state: StreamBalance['state'] = 'down'
  private readonly endsCleanly: boolean
  readonly slow: boolean

  constructor(user: MeasuredUser, recorder: Recorder, tallies: EndTallies) {
    const { intendedAt } = user
    this.stream = user.stream
    this.channelName = user.channelName
    this.intendedAt = intendedAt
    this.endsCleanly = user.endsCleanly
    this.slow = user.slow
    this.recorder = recorder
    this.tallies = tallies
    recorder.members.add(this)
    recorder.occupy(0, 1, intendedAt)
    if (recorder.measuring) this.phaseStarted(Math.max(intendedAt, recorder.current.start))
  }

  attempt(now: Microseconds, intended: Microseconds): void {
    this.attemptAt = now
    this.attemptIntended = intended
    if (this.lostNoticed !== NEVER) this.record('sse_reconnect_wait', now - this.lostNoticed)
  }

  connected(now: Microseconds): void {
    this.record('sse_connect_duration', now - this.attemptIntended)
    this.record('sse_connect_duration_uncorrected', now - this.attemptAt)
  }

  opened(now: Microseconds, headers: Headers, resumedFrom: string): void {
    const { counters } = this.recorder.current.set
    this.record('sse_headers_duration', now - this.attemptIntended)
    this.record('sse_headers_duration_uncorrected', now - this.attemptAt)
    counters.sse_connections_opened += 1
    if (this.everOpened) counters.sse_reconnects += 1
    else this.firstOpened(headers)
    if (this.lostNoticed !== NEVER) this.record('sse_reconnect_attempt', now - this.attemptAt)
    this.everOpened = true
    this.isOpen = true
    this.state = 'open'
    this.openedAt = this.lastReadAt = now
    this.recorder.occupy(1, 0, now)
    this.join(headers, resumedFrom)
  }

  private firstOpened(headers: Headers): void {
    const { tallies } = this
    tallies.everOpened += 1
    this.settle()
    tallies.headers ??= Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
  }

  private settle(): void {
    if (this.isSettled) return
    this.isSettled = true
    this.tallies.settled += 1
  }

  private join(headers: Headers, resumedFrom: string): void {
    const ours = headers['x-sse-harness'] === '1'
    if (ours) {
      this.channelName = String(headers['x-sse-harness-channel'] ?? this.channelName)
      this.recorder.extractor ??= new ReferenceExtractor()
    }
    const liveFrom = ours ? integerHeader(headers['x-sse-harness-next']) : -1
    const resumed = /^\d{1,15}$/.test(resumedFrom) ? Number(resumedFrom) : -1
    const connection = this.ledger.join(
      ours ? integerHeader(headers['x-sse-harness-stream']) : -1,
      liveFrom,
      ours ? resumed : -1,
    )
    this.connections.push(connection)
    this.channel = this.recorder.channel(this.channelName)
    this.channel.join(liveFrom)
  }

  read(now: Microseconds, bytes: number): void {
    const { recorder } = this
    const { set } = recorder.current
    set.counters.sse_bytes_received += bytes
    set.counters.sse_reads += 1
    this.lastReadAt = now
    recorder.queueDelay.read(now, recorder.measuring ? set.exact('harness_queue_delay') : null)
  }

  event(now: Microseconds, event: EventBytes): void {
    const { recorder } = this
    recorder.current.set.counters.sse_events_received += 1
    if (this.nextTick <= now) this.fill(now)
    const isNew = recorder.extractor === null ? this.plainEvent() : this.readEvent(now, event)
    if (recorder.measuring) this.measuredGap(now)
    if (this.lastEventAt === NEVER) this.firstEvent(now)
    if (this.lostSince !== NEVER && isNew) this.recovered(now)
    this.lastEventAt = now
  }

  private plainEvent(): boolean {
    this.unsequenced += 1
    if (this.recorder.measuring) this.phaseEvents += 1
    return true
  }

  /** Sequence and stamp of an event; false when it had been received before. */
  private readEvent(now: Microseconds, event: EventBytes): boolean {
    const { recorder } = this
    const extractor = recorder.extractor
    if (extractor === null) return true
    extractor.read(event)
    const { sequence, dueAt } = extractor
    let replayed = false
    if (sequence < 0) {
      this.unsequenced += 1
      this.tallies.badSequence ??= extractor.badSequence
    } else {
      const before = this.ledger.replayed
      if (this.ledger.receive(sequence) === 'duplicate') return false
      replayed = this.ledger.replayed !== before
    }
    if (dueAt < 0) {
      if (recorder.measuring) this.phaseEvents += 1
      return true
    }
    this.tallies.stamped = true
    const due = dueAt + recorder.stampOffset
    if (recorder.stampClock !== 'none' && due > this.newestDue) this.newestDue = due
    if (recorder.delivery(dueAt, extractor.sentAt, now) !== null) this.phaseEvents += 1
    if (sequence >= 0 && !replayed) this.channel?.receive(sequence, dueAt, now)
    return true
  }

  private measuredGap(now: Microseconds): void {
    if (this.lastEventAt === NEVER) return
    const gap = now - this.lastEventAt
    this.recorder.current.set.exact('sse_event_gap').record(gap)
    this.phaseGaps += 1
    if (gap > this.worstGap) this.worstGap = gap
  }

  private firstEvent(now: Microseconds): void {
    this.record('sse_first_event_duration', now - this.intendedAt)
    this.record('sse_first_event_duration_uncorrected', now - this.attemptAt)
  }

  private recovered(now: Microseconds): void {
    this.record('sse_outage_duration', now - this.lostSince)
    this.record('sse_reconnect_first_event', now - this.openedAt)
    this.lostSince = this.lostNoticed = NEVER
  }

  comment(): void {
    this.recorder.current.set.counters.sse_comments_received += 1
  }

  /** The plan is about to end this stream from the other side once. */
  expectEnd(): void {
    if (this.isOpen) this.expectedEnds += 1
  }

  ended(now: Microseconds, reason: EndReason): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.recorder.occupy(-1, 0, now)
    this.record(`sse_stream_duration{reason=${reason}}`, now - this.openedAt)
    this.tallies.ends[reason] = (this.tallies.ends[reason] ?? 0) + 1
    this.channel?.leave(this.ledger.connection?.highest ?? -1)
    const own = isOwnEnd(reason)
    const connection = this.ledger.connection
    if (connection !== null) {
      connection.open = false
      connection.endedByUs = own
    }
    // At the end of the run a stream was as good as open: what it still lacks is undrained.
    this.state = reason === 'stopped' ? 'open' : own || (this.endsCleanly && reason === 'clean') ? 'done' : 'down'
    if (this.state !== 'down') return
    if (this.expectedEnds > 0) this.expectedEnds -= 1
    else this.tallies.unexpected += 1
    this.lose(now)
  }

  private lose(now: Microseconds): void {
    this.record('sse_reconnect_detect', now - this.lastReadAt)
    this.lostNoticed = now
    // Lost again before a new event came: the outage goes on from its first loss.
    if (this.lostSince === NEVER) this.lostSince = this.lastEventAt === NEVER ? this.openedAt : this.lastEventAt
  }

  failed(now: Microseconds, failure: Failure): void {
    this.recorder.current.set.counters.sse_connections_failed += 1
    this.tallies.failures[failure] = (this.tallies.failures[failure] ?? 0) + 1
    this.settle()
    if (this.lostSince !== NEVER) this.lostNoticed = now
  }

  /** The client waits before its next attempt; `attempt` records how long it really took. */
  waiting(): void {}

  redirected(): void {}

  retry(): void {}

  /** Nothing will follow. A stream that failed for good is still wanted, so its silence goes on counting. */
  finished(now: Microseconds, outcome: 'done' | 'failed' | 'stopped'): void {
    this.onFinished?.()
    if (outcome === 'failed' || !this.recorder.members.has(this)) return
    if (this.recorder.measuring) this.phaseEnded(now)
    this.recorder.members.delete(this)
    this.recorder.occupy(0, -1, now)
  }

  phaseStarted(at: Microseconds): void {
    this.phaseEvents = this.phaseGaps = this.worstGap = 0
    this.tick = Math.ceil((at - this.recorder.current.start) / STALENESS_TICK) - 1
    this.advanceTick()
  }

  /**
   * One sample somewhere in each tick, spread evenly by the golden ratio over streams and ticks: at fixed times a server
   * with a period of a tick would always be caught at the same age.
   */
  private advanceTick(): void {
    this.tick += 1
    const within = ((this.tick + this.stream) * GOLDEN_RATIO) % 1
    this.nextTick = this.recorder.current.start + Math.round((this.tick + within) * STALENESS_TICK)
  }

  /** The gap still open at the end of a phase is known to be at least as long as it is now. */
  phaseEnded(at: Microseconds): void {
    this.fill(at - 1)
    this.nextTick = Infinity
    const { set, index } = this.recorder.current
    this.lastPhase = { index, events: this.phaseEvents, gaps: this.phaseGaps }
    const gap = at - (this.lastEventAt === NEVER ? this.intendedAt : this.lastEventAt)
    if (gap < 0) return
    set.censored('sse_event_gap').record(gap)
    if (gap >= this.worstGap) set.censored('sse_worst_gap').record(gap)
    else set.exact('sse_worst_gap').record(this.worstGap)
  }

  /**
   * Staleness at every tick up to `now` that has not been sampled yet, with the newest event of that time. No timer is
   * needed, and a tick that a busy loop would have missed is there all the same.
   */
  fill(now: Microseconds): void {
    if (this.nextTick > now) return
    const newest =
      this.newestDue !== NEVER ? this.newestDue : this.lastEventAt === NEVER ? this.intendedAt : this.lastEventAt
    const counts = this.recorder.current.set.exact('sse_staleness')
    while (this.nextTick <= now) {
      counts.record(Math.max(0, this.nextTick - newest))
      this.advanceTick()
    }
  }

  /** What is still open when the run stops is known to last at least until now. */
  cutOff(now: Microseconds): void {
    const { set } = this.recorder.current
    if (this.lastEventAt === NEVER) set.censored('sse_first_event_duration').record(Math.max(0, now - this.intendedAt))
    if (this.lostSince !== NEVER) set.censored('sse_outage_duration').record(Math.max(0, now - this.lostSince))
  }

  /** Whether the stream was lost and has not received a new event since. */
  get isLost(): boolean {
    return this.lostSince !== NEVER
  }

  balance(): StreamBalance {
    const { ledger } = this
    return {
      stream: this.stream,
      channel: this.channelName,
      first: ledger.first,
      next: ledger.next,
      firstReceipts: ledger.firstReceipts,
      duplicates: ledger.duplicates,
      reordered: ledger.reordered,
      replayed: ledger.replayed,
      unsequenced: this.unsequenced,
      missing: ledger.missing(),
      missingRanges: ledger.missingRanges(MOST_RANGES),
      state: this.state,
      slow: this.slow,
      connections: this.connections,
    }
  }

  private record(key: HistogramKey, value: number): void {
    this.recorder.current.set.exact(key).record(Math.max(0, value))
  }
}

function integerHeader(value: string | string[] | undefined): number {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : -1
}
