/** One clock and one source of timers, as an argument, so that schedules can be tested by hand. */
export interface Clock {
  /** Epoch microseconds, an integer; monotonic within this process. */
  nowUs(): number
  /** Calls `fn` once, at the earliest after `delayMs` by the timer's own count (Node's fire up to 0.6 ms early). */
  after(delayMs: number, fn: () => void): Timer
  /** Calls `fn` in a later turn of the loop, after the I/O that is waiting. */
  soon(fn: () => void): void
  /** Timers that are set now; a timer that outlives its purpose shows here, whether or not it holds the process. */
  readonly timers: number
}

export interface Timer {
  cancel(): void
}

/** Ticks of `Date.now()` to look at; each costs up to 1 ms of spinning, once per process. */
const EDGES = 5
/** setTimeout takes 31 bits of milliseconds; whoever waits longer looks again. */
const LONGEST_TIMER_MS = 1_000_000_000

/**
 * `performance.timeOrigin` is 3 to 5 us off; the edge of a `Date.now()` tick is right to 1 us. The latest edge seen is
 * the best one, because being late at an edge can only make the origin look earlier.
 */
function originUs(): number {
  let origin = -Infinity
  for (let edge = 0; edge < EDGES; edge++) {
    const before = Date.now()
    let after = before
    while (after === before) after = Date.now()
    origin = Math.max(origin, after - performance.now())
  }
  return Math.round(origin * 1000)
}

export function systemClock(): Clock {
  const origin = originUs()
  let timers = 0
  return {
    nowUs: () => origin + Math.floor(performance.now() * 1000),
    after(delayMs, fn) {
      let done = false
      const settle = (): boolean => {
        if (done) return false
        done = true
        timers--
        return true
      }
      timers++
      const handle = setTimeout(() => settle() && fn(), Math.min(LONGEST_TIMER_MS, delayMs))
      return { cancel: () => settle() && clearTimeout(handle) }
    },
    soon: (fn) => void setImmediate(fn),
    get timers() {
      return timers
    },
  }
}
