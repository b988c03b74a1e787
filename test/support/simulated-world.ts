import type { ServerBooks, StreamBalance } from '../../harness/measure/balance.ts'
import type { Random } from '../../harness/measure/random.ts'
import { Recorder } from '../../harness/measure/recorder.ts'
import { StreamRecorder } from '../../harness/measure/stream-recorder.ts'
import { newTallies } from '../../harness/measure/tallies.ts'
import type { EndReason } from '../../harness/model/ends.ts'
import { referenceEvent, referenceHeaders } from './events.ts'
import { START } from './manual-clock.ts'
import { SimulatedServer } from './simulated-server.ts'
import type { Wire } from './simulated-server.ts'
import { truthOf } from './simulated-truth.ts'
import type { Account, Truth } from './simulated-truth.ts'

export interface WorldOptions {
  readers: number
  steps: number
  /** Events the server can replay. */
  replay: number
  queueLimit: number
  /** Chance of each of: two events swapped, one swallowed, one doubled. */
  noise: number
}

/** One virtual user: what the harness made of its stream, and what truly became of it. */
interface Reader extends Account {
  recorder: StreamRecorder
  endsCleanly: boolean
  lastId: number
}

const MOST_BURST = 6

/** A server, a network and readers that all go wrong in every way there is; everything is drawn from `random`. */
export class SimulatedWorld {
  readonly readers: Reader[]
  private readonly server: SimulatedServer
  private readonly recorder = new Recorder(() => this.now, null)
  private readonly tallies = newTallies()
  private readonly random: Random
  private readonly options: WorldOptions
  private now = START

  constructor(random: Random, options: WorldOptions) {
    this.random = random
    this.options = options
    this.server = new SimulatedServer(options.replay, options.queueLimit)
    this.server.publish(this.below(4))
    this.readers = Array.from({ length: options.readers }, (_, stream) => this.newReader(stream))
  }

  /** Runs to the stop; `drains`: whether the network delivers everything before it. */
  run(drains: boolean): void {
    for (let step = 0; step < this.options.steps; step += 1) this.step()
    if (drains) for (const reader of this.readers) this.drain(reader)
    for (const reader of this.readers) if (this.wireOf(reader) !== null) this.end(reader, 'stopped')
  }

  get balances(): StreamBalance[] {
    return this.readers.map((reader) => reader.recorder.balance())
  }

  get books(): ServerBooks {
    return this.server.books
  }

  get truth(): Truth {
    return truthOf(this.readers, this.server.head)
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit)
  }

  private chance(probability: number): boolean {
    return this.random() < probability
  }

  private newReader(stream: number): Reader {
    const endsCleanly = this.chance(0.2)
    const slow = this.chance(0.3)
    const user = { stream, channelName: 'a', intendedAt: this.now, endsCleanly, slow }
    const recorder = new StreamRecorder(user, this.recorder, this.tallies)
    const account: Account = {
      firstDue: -1,
      received: new Set(),
      receipts: 0,
      reordered: 0,
      replayed: 0,
      wires: [],
      slow,
      state: 'down',
      endedByUs: false,
    }
    const reader = { ...account, recorder, endsCleanly, lastId: -1 }
    if (this.chance(0.9)) this.connect(reader)
    return reader
  }

  private step(): void {
    const reader = this.readers[this.below(this.readers.length)]
    if (reader === undefined) return
    this.now += 1000
    const wire = this.wireOf(reader)
    const what = this.random()
    if (what < 0.35) this.server.publish(1 + this.below(MOST_BURST))
    else if (wire === null) {
      if (what < 0.8 && reader.state === 'down') this.connect(reader)
    } else if (what < 0.75) this.deliver(reader, wire, 1 + this.below(MOST_BURST))
    else if (what < 0.85 && wire.kind === 'slow') wire.block(!wire.isBlocked)
    else if (what < 0.93) this.end(reader, this.chance(0.5) ? 'reset' : 'truncated')
    else if (what < 0.96) this.finishByServer(reader, wire)
    else if (what < 0.97) this.end(reader, 'lifetime')
    // The server forgets a stream that is still connected.
    else if (what < 0.975) wire.isServed = false
  }

  private wireOf(reader: Reader): Wire | null {
    return reader.state === 'open' ? (reader.wires.at(-1) ?? null) : null
  }

  private connect(reader: Reader): void {
    const resumes = reader.lastId >= 0 && this.chance(0.8)
    const kind = reader.slow || this.chance(0.3) ? 'slow' : 'lossy'
    const wire = this.server.accept(resumes ? reader.lastId : -1, kind)
    reader.wires.push(wire)
    reader.state = 'open'
    if (reader.firstDue < 0) reader.firstDue = wire.liveFrom
    reader.recorder.attempt(this.now, this.now)
    reader.recorder.opened(this.now, referenceHeaders(wire.id, wire.liveFrom), resumes ? String(reader.lastId) : '')
  }

  private deliver(reader: Reader, wire: Wire, count: number): void {
    const noise = wire.kind === 'lossy' ? this.options.noise : 0
    for (let i = 0; i < count && wire.inFlight.length > 0; i += 1) {
      if (wire.inFlight.length > 1 && this.chance(noise)) wire.inFlight.unshift(...wire.inFlight.splice(1, 1))
      const sequence = wire.inFlight.shift()
      if (sequence === undefined || this.chance(noise)) continue
      this.receive(reader, wire, sequence)
      if (this.chance(noise)) this.receive(reader, wire, sequence)
    }
  }

  private receive(reader: Reader, wire: Wire, sequence: number): void {
    reader.receipts += 1
    if (sequence < wire.liveFrom) reader.replayed += 1
    if (!reader.received.has(sequence) && sequence < wire.highest) reader.reordered += 1
    reader.received.add(sequence)
    reader.lastId = sequence
    wire.highest = Math.max(wire.highest, sequence)
    reader.recorder.read(this.now, 100)
    reader.recorder.event(this.now, referenceEvent(sequence, START + sequence))
  }

  private drain(reader: Reader): void {
    const wire = this.wireOf(reader)
    if (wire === null || reader.slow) return
    wire.block(false)
    this.deliver(reader, wire, Infinity)
  }

  private finishByServer(reader: Reader, wire: Wire): void {
    wire.block(false)
    // A proxy may swallow the tail and end the body all the same.
    if (!this.chance(0.3)) this.deliver(reader, wire, Infinity)
    this.end(reader, 'clean')
  }

  private end(reader: Reader, reason: EndReason): void {
    reader.endedByUs = reason === 'lifetime' || reason === 'stopped'
    const isDone = reason === 'lifetime' || (reason === 'clean' && reader.endsCleanly)
    reader.state = reason === 'stopped' ? 'open' : isDone ? 'done' : 'down'
    const wire = reader.wires.at(-1)
    if (wire !== undefined) wire.isServed = false
    reader.recorder.ended(this.now, reason)
    if (isDone) reader.recorder.finished(this.now, 'done')
  }
}
