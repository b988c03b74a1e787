/** Entry of a worker process: takes its orders over the channel and ends with it. */
import { SystemClock } from '../measure/clock.ts'
import type { FromWorker, ToWorker } from './protocol.ts'
import { Worker } from './worker.ts'

const clock = new SystemClock()
let worker: Worker | null = null

function send(message: FromWorker): void {
  // The coordinator may be gone already; then this process is about to end as well.
  if (process.connected) process.send?.(message)
}

function bug(error: unknown): void {
  send({
    type: 'bug',
    worker: worker?.number ?? -1,
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  })
}

process.on('uncaughtException', bug)
process.on('unhandledRejection', bug)
// The coordinator decides what a signal means, whoever else is sent it (a container's stop sends it to all).
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToWorker) => {
  if (message.type === 'start') worker = new Worker(message.config, clock, send)
  else worker?.receive(message)
})
send({ type: 'ready' })
