import type { Plant } from './leak.ts'

/** As often as a heartbeat usually goes out; what matters is that it never stops. */
const PERIOD_MS = 15_000

/** Every stream has a look at what waits in its socket from time to time, and is looked at for ever. */
export const timer: Plant = () => ({
  opened({ stream }) {
    const seen = { socketQueued: 0 }
    setInterval(() => {
      seen.socketQueued = stream.socketQueued
    }, PERIOD_MS)
  },
})
