import type { Clock } from '../measure/clock.ts'
import { sleep } from '../measure/clock.ts'
import type { ServerBooks } from '../measure/balance.ts'
import type { Microseconds } from '../model/units.ts'
import { US_PER_MS, US_PER_SECOND } from '../model/units.ts'
import type { DrainTarget, WorkerResult } from './protocol.ts'
import { booksOf, drainTargets } from './reference-target.ts'
import type { TargetWatch } from './target-watch.ts'
import type { WorkerPool } from './worker-pool.ts'

const POLL: Microseconds = 100 * US_PER_MS
/** Time for events on their way from a server that cannot be asked what it has sent. */
const BLIND_WAIT: Microseconds = 300 * US_PER_MS
/** Time for a server to notice that its streams are gone. */
const NOTICE_WAIT: Microseconds = 2 * US_PER_SECOND

/**
 * Pauses the publisher and waits until every open stream has the last event that the server wrote into it, or until
 * `settle` is over: what is still missing then is undrained, not lost. True when the publisher was paused.
 */
export async function drain(
  pool: WorkerPool,
  watch: TargetWatch,
  clock: Clock,
  settle: Microseconds,
): Promise<boolean> {
  const target = watch.target
  if (target === null) {
    await sleep(clock, Math.min(settle, BLIND_WAIT))
    return false
  }
  try {
    await target.control({ action: 'pause' })
    const deadline = clock.now() + settle
    while ((await countBehind(pool, drainTargets(await target.stats('?streams=1')))) > 0 && clock.now() < deadline)
      await sleep(clock, POLL)
    return true
  } catch {
    // Dead, or control is not for us: then nothing can be waited for.
    return false
  }
}

async function countBehind(pool: WorkerPool, targets: DrainTarget[]): Promise<number> {
  const answers = pool.fromEach((message) => (message.type === 'behind' ? message.count : null))
  pool.send({ type: 'behind', targets })
  return (await answers).reduce((sum, count) => sum + count, 0)
}

/** The server's books once our connections are closed on its side too, so that neither side can move any more. */
export async function closedBooks(
  watch: TargetWatch,
  workers: readonly WorkerResult[],
  clock: Clock,
): Promise<ServerBooks | null> {
  const target = watch.target
  if (target === null) return null
  const ours = new Set(
    workers.flatMap((worker) => worker.balances.flatMap((b) => b.connections.map((c) => c.serverStream))),
  )
  const deadline = clock.now() + NOTICE_WAIT
  try {
    for (;;) {
      const stats = await target.stats('?streams=1')
      const open = (stats.streams ?? []).filter((stream) => stream.state === 'open' && ours.has(stream.id)).length
      if (open === 0 || clock.now() >= deadline) return booksOf(stats)
      await sleep(clock, POLL)
    }
  } catch {
    return null
  }
}
