import type { Plant } from './leak.ts'

/** As often as a heartbeat usually goes out; what matters is that it never stops. */
const PERIOD_MS = 15_000

/** As `timer`, but the loop may end without it: so it is none of what Node calls active, and only memory tells. */
export const unrefInterval: Plant = () => ({
  opened({ stream }) {
    const seen = { socketQueued: 0 }
    setInterval(() => {
      seen.socketQueued = stream.socketQueued
    }, PERIOD_MS).unref()
  },
})
