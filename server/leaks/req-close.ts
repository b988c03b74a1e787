import type { Plant } from './leak.ts'

/**
 * The clean-up hangs on `close` of the request where that of the response was meant. Since Node 16 a request closes as
 * soon as it has been read to its end, however long its response goes on (one that nobody reads closes with its
 * connection): whoever waits for the body first (`await` it, a body parser) and listens after that has missed the only
 * `close` there is.
 */
export const reqClose: Plant = () => ({
  opened({ req, res }) {
    const cleanUps = res.listeners('close') as (() => void)[]
    res.removeAllListeners('close')
    const listen = (): void => {
      for (const cleanUp of cleanUps) req.once('close', cleanUp)
    }
    // In a microtask, as after `await`: the ticks before it hold `close`, which follows `end`.
    req.once('end', () => queueMicrotask(listen))
  },
})
