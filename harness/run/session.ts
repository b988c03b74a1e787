import { sleep } from '../measure/clock.ts'
import { planDuration } from '../model/plan.ts'
import type { Fault } from '../model/record.ts'
import type { Microseconds } from '../model/units.ts'
import { US_PER_MS, US_PER_SECOND } from '../model/units.ts'
import { Collector } from './collector.ts'
import { closedBooks, drain } from './drain.ts'
import { Ending } from './ending.ts'
import { Progress } from './progress.ts'
import { recoveryOf } from './recovery.ts'
import type { WorkerResult } from './protocol.ts'
import type { ClockOffset, ReferenceTarget } from './reference-target.ts'
import type { MeasuredPhase, SessionOptions, SessionResult } from './session-types.ts'
import { isLoopback, TargetWatch } from './target-watch.ts'
import { assignUsers } from './users.ts'
import { WorkerPool } from './worker-pool.ts'

/** Given to workers so that all start at one time, however long their processes took to come up. */
const START_DELAY: Microseconds = 100 * US_PER_MS
/** A phase change is announced this long ahead, so that every worker makes it at the same time. */
const PHASE_NOTICE: Microseconds = 30 * US_PER_MS
const POLL: Microseconds = 50 * US_PER_MS

/** Runs one plan against its target: set-up, warm-up, measured phases, graceful stop, settle. */
export async function runSession(options: SessionOptions): Promise<SessionResult> {
  const pool = new WorkerPool(options.plan.workers, options.launcher)
  const session = new Session(options, pool)
  try {
    return await session.run()
  } finally {
    await pool.close()
    await session.watch.close()
  }
}

class Session {
  readonly watch: TargetWatch
  private readonly options: SessionOptions
  private readonly pool: WorkerPool
  private readonly collector: Collector
  private readonly progress: Progress
  private readonly faults: Fault[] = []
  private readonly ending: Ending
  private readonly commonClock: boolean
  private startAt: Microseconds = 0
  /** Of the first measured phase: what times of faults count from. */
  private measureStart: Microseconds | null = null

  constructor(options: SessionOptions, pool: WorkerPool) {
    const { plan, clock, signal, targetGone } = options
    this.options = options
    this.pool = pool
    this.commonClock = isLoopback(plan.target.url)
    this.watch = new TargetWatch(plan.target.url, clock)
    this.startAt = clock.now()
    this.collector = new Collector(pool.size, () => this.startAt, options.sink)
    this.progress = new Progress(options.onProgress, clock)
    this.ending = new Ending(clock, signal, targetGone)
  }

  async run(): Promise<SessionResult> {
    const { plan, clock, firstStream } = this.options
    await this.pool.fromEach((message) => (message.type === 'ready' ? message : null))
    this.listen()
    this.startAt = clock.now() + START_DELAY
    const { users, total } = assignUsers(plan, this.length(), firstStream, this.startAt, this.pool.size)
    const mostOpen = Math.ceil(plan.load.connections / this.pool.size)
    const worker = (index: number) => ({
      plan,
      worker: index,
      startAt: this.startAt,
      users: users[index] ?? [],
      mostOpen,
      commonClock: this.commonClock,
    })
    this.collector.beginPhase(`${this.options.name}set-up`, 'set-up', false, this.startAt)
    const left = this.length() + planDuration(plan.load.settle) + this.options.after
    this.progress.begin(`${this.options.name}set-up`, left, total)
    this.pool.start(users.map((_, index) => worker(index)))
    const reached = await this.setUp(total)
    if (reached) {
      await this.beginPhase('warm-up', 'warm-up', false)
      await this.pause(planDuration(plan.load.warmUp))
      for (const phase of this.options.phases) if (!this.ending.isOver) await this.measure(phase)
    }
    return this.stop(reached)
  }

  /** Everything from the start to the end of the last measured phase, as planned. */
  private length(): Microseconds {
    const { plan, phases } = this.options
    return (
      planDuration(plan.load.ramp) +
      planDuration(plan.load.warmUp) +
      phases.reduce((sum, phase) => sum + phase.duration, 0)
    )
  }

  private listen(): void {
    this.pool.listen((message) => {
      if (message.type === 'interval') {
        this.collector.add(message)
        this.progress.interval(message)
        this.options.onInterval?.(message)
      } else if (message.type === 'standing') this.progress.standing(message)
      else if (message.type === 'phase-count') this.collector.addPhaseCount(message.index, message.count)
      else if (message.type === 'target') this.watch.learn(message.headers, (offset) => this.useOffset(offset))
    })
  }

  /** A remote reference server: its stamps can be used once its clock has been compared with ours. */
  private useOffset({ offset }: ClockOffset): void {
    if (this.commonClock) return
    this.collector.stampOffset = offset
    this.pool.send({ type: 'clock', clock: 'offset', offset })
  }

  /** Waits for the ramp and for the first attempt of every stream; false when none became an event stream. */
  private async setUp(total: number): Promise<boolean> {
    const { plan, clock } = this.options
    const rampEnd = this.startAt + planDuration(plan.load.ramp)
    const limit = rampEnd + planDuration(plan.load.connectTimeout) + planDuration(plan.load.headersTimeout)
    const isOpenModel = plan.load.arrivalRate !== null
    await this.pause(rampEnd - clock.now())
    while (!this.ending.isOver && clock.now() < limit) {
      const { settled, everOpened, started } = this.progress
      if (isOpenModel ? everOpened > 0 || settled > 0 : settled >= total) break
      if (isOpenModel && started === 0 && clock.now() > rampEnd + US_PER_SECOND) break
      await this.pause(POLL)
    }
    return this.progress.everOpened > 0
  }

  private async beginPhase(
    name: string,
    kind: Parameters<Collector['beginPhase']>[1],
    measured: boolean,
  ): Promise<void> {
    const at = this.options.clock.now() + PHASE_NOTICE
    // Before the workers know of it: their first samples may be here before the wait is over.
    this.collector.beginPhase(`${this.options.name}${name}`, kind, measured, at)
    this.pool.send({ type: 'phase', kind, measured, at })
    await sleep(this.options.clock, PHASE_NOTICE)
    this.progress.phase(`${this.options.name}${name}`)
  }

  private async measure(phase: MeasuredPhase): Promise<void> {
    await this.beginPhase(phase.name, 'measure', true)
    const began = this.options.clock.now()
    this.measureStart ??= began
    if (phase.action !== undefined && this.watch.target !== null) await this.act(phase.action, this.watch.target)
    const until = began + phase.duration
    while (!this.ending.isOver && this.options.clock.now() < until && !this.progress.allDone) {
      await this.pause(Math.min(POLL * 4, until - this.options.clock.now()))
    }
  }

  private async act(action: NonNullable<MeasuredPhase['action']>, target: ReferenceTarget): Promise<void> {
    const sinceMeasure = (): Microseconds => this.options.clock.now() - (this.measureStart ?? this.startAt)
    const fault = { stream: null, attempt: null, fault: action.fault, at: sinceMeasure() }
    // Only once every worker knows: a stream that ended before that would count as an end that nobody planned.
    const known = this.pool.fromEach((message) => (message.type === 'expecting' ? message : null))
    this.pool.send({ type: 'expect-ends', fault: this.faults.length, serverStreams: null })
    await known
    try {
      const { dropped } = await action.run(target)
      this.faults.push({ ...fault, observed: { at: sinceMeasure(), streams: dropped } })
    } catch (error) {
      this.faults.push({ ...fault, observed: null, error: String(error) })
    }
  }

  /** One sample a fault, in the phase in which it was over. */
  private recordRecoveries(workers: readonly WorkerResult[], endAt: Microseconds): void {
    this.faults.forEach(({ observed }, index) => {
      if (observed === null) return
      const faultEnd = (this.measureStart ?? this.startAt) + (observed as { at: Microseconds }).at
      const hits = workers.flatMap((worker) => worker.hits[index] ?? [])
      const recovery = recoveryOf(hits, faultEnd, endAt)
      if (recovery !== null) this.collector.recordRecovery(faultEnd, recovery)
    })
  }

  private async stop(reached: boolean): Promise<SessionResult> {
    const { options, pool, watch, collector } = this
    const { plan, clock, signal } = options
    await this.beginPhase('stop', 'stop', false)
    const settle = signal.aborted || !reached ? 0 : planDuration(plan.load.settle)
    const drained = await drain(pool, watch, clock, settle)
    const results = pool.fromEach((message) => (message.type === 'result' ? message : null))
    pool.send({ type: 'stop' })
    const workers = await results
    const endAt = clock.now()
    this.recordRecoveries(workers, endAt)
    collector.endPhases(endAt)
    collector.finish()
    const books = await closedBooks(watch, workers, clock, drained)
    const targetAlive = await watch.isAlive()
    await watch.finish(drained.paused)
    return {
      k6: null,
      collector,
      workers: workers.toSorted((a, b) => a.worker - b.worker),
      books,
      reference: watch.target !== null,
      headers: watch.headers,
      offsets: watch.offsets,
      commonClock: this.commonClock,
      targetAlive,
      aborted: signal.aborted,
      unreachable: workers.every((worker) => worker.everOpened === 0),
      faults: this.faults,
      startAt: this.startAt,
      endAt,
    }
  }

  private async pause(delay: Microseconds): Promise<void> {
    await this.pool.orDeath(this.ending.pause(delay))
  }
}
