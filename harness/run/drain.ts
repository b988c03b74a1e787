import type { Clock } from '../measure/clock.ts'
import type { ServerBooks } from '../measure/reconcile.ts'
import type { Microseconds } from '../model/units.ts'
import { US_PER_MS } from '../model/units.ts'
import { booksOf, drainTargets } from './reference-target.ts'
import type { TargetWatch } from './target-watch.ts'
import type { WorkerPool } from './worker-pool.ts'

const POLL: Microseconds = 100 * US_PER_MS
/** Time for events on their way from a server that cannot be asked what it has sent. */
const BLIND_WAIT: Microseconds = 300 * US_PER_MS

interface DrainOptions {
  pool: WorkerPool
  watch: TargetWatch
  clock: Clock
  /** The deadline, from now. */
  settle: Microseconds
}

/**
 * Pauses the publisher and waits until every open stream has the last event that the server wrote into it, or until the
 * deadline; then takes the server's books. What is still missing at the deadline is undrained, not lost.
 */
export async function drain({
  pool,
  watch,
  clock,
  settle,
}: DrainOptions): Promise<{ books: ServerBooks | null; paused: boolean }> {
  const target = watch.target
  if (target === null) {
    await sleep(clock, Math.min(settle, BLIND_WAIT))
    return { books: null, paused: false }
  }
  try {
    await target.control({ action: 'pause' })
  } catch {
    // Dead, or control is not for us: the books are still worth asking for.
    return { books: await target.books().catch(() => null), paused: false }
  }
  const deadline = clock.now() + settle
  try {
    for (;;) {
      const stats = await target.stats('?streams=1')
      const { targets, queued } = drainTargets(stats)
      const behind = await countBehind(pool, targets)
      if ((behind === 0 && queued === 0) || clock.now() >= deadline) return { books: booksOf(stats), paused: true }
      await sleep(clock, POLL)
    }
  } catch {
    return { books: null, paused: true }
  }
}

async function countBehind(pool: WorkerPool, targets: [number, number][]): Promise<number> {
  const answers = pool.fromEach((message) => (message.type === 'behind' ? message.count : null))
  pool.send({ type: 'behind', targets })
  return (await answers).reduce((sum, count) => sum + count, 0)
}

async function sleep(clock: Clock, delay: Microseconds): Promise<void> {
  await new Promise<void>((resolve) => {
    clock.after(delay, resolve)
  })
}
