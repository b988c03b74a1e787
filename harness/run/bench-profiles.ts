/**
 * What `bench` does and how long each part may take. Durations as in a plan; the budget of a profile is the sum of its
 * parts, ramp to steady load twice because k6 does it too, plus about 6 s for starting processes and writing the record.
 */
export interface BenchProfile {
  what: string
  /** Of the whole command with its k6 half, for people. */
  takes: string
  connections: number
  /** Streams are spread over so many broadcast channels: that many bursts a period, which percentiles need. */
  channels: number
  ramp: string
  warmUp: string
  steady: string
  /** The server resets every stream once, at the start of this phase. */
  interruption: string
  slowReaders: { connections: number; share: number; duration: string }
  cycles: { count: number; connections: number }
}

export const BENCH_PROFILES = {
  smoke: {
    what: 'does everything once: for a first look and for CI',
    takes: 'about 40 s',
    connections: 100,
    channels: 20,
    ramp: '500ms',
    warmUp: '500ms',
    // 100 ticks and more, so that there is a 90th percentile of staleness.
    steady: '10500ms',
    interruption: '3s',
    slowReaders: { connections: 10, share: 20, duration: '3500ms' },
    cycles: { count: 3, connections: 50 },
  },
  standard: {
    what: 'long enough for 99th percentiles of staleness',
    takes: 'about 4 minutes',
    connections: 500,
    channels: 20,
    ramp: '2s',
    warmUp: '2s',
    // 1000 ticks and more, which a 99th percentile of staleness needs.
    steady: '101s',
    interruption: '5s',
    slowReaders: { connections: 20, share: 20, duration: '5s' },
    cycles: { count: 4, connections: 100 },
  },
  soak: {
    what: 'an hour of steady load, for slow leaks and rare stalls',
    takes: 'about 2 hours 10 minutes',
    connections: 500,
    channels: 20,
    ramp: '5s',
    warmUp: '10s',
    steady: '60m',
    interruption: '30s',
    slowReaders: { connections: 20, share: 20, duration: '60s' },
    cycles: { count: 30, connections: 200 },
  },
} as const satisfies Record<string, BenchProfile>

export type BenchProfileName = keyof typeof BENCH_PROFILES

/** Slow readers are sent enough to fill the kernel's buffers of a connection (about 4 MB) within a second or two. */
export const SLOW_STREAM = { rate: 100, size: 32_768, bytesPerSecond: 65_536 } as const
/** Options of the server that `bench` starts. */
export const BENCH_SERVER = ['--retry', '500ms', '--linger', '2s'] as const
