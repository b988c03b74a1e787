/**
 * How many streams a second can arrive before the server breaks?
 *
 *   sse-harness k6 k6-scripts/breakpoint.ts --url http://127.0.0.1:8080/events
 *   k6 run -e SSE_URL=http://127.0.0.1:8080/events -e SSE_RATE=500 k6-scripts/breakpoint.ts
 *
 * The rate goes up, to SSE_RATE (50) streams a second over SSE_RAMP (60s), until a threshold breaks and ends the test.
 * So here exit code 99 is the success: the limit was found, and the last line tells the rate. Exit code 0 says that the
 * server holds SSE_RATE; look for its limit with a higher one. Each stream lives for SSE_STREAM_DURATION (5s).
 * SSE_MAX_OPEN (1s): broken is where fewer than 95 % of the streams have their response headers within this, or one in a
 * hundred fails.
 */
import exec from 'k6/execution'
import type { Options } from 'k6/options'
import sse from 'k6/x/sse'

import { checkStream } from './lib/checks.ts'
import { CLOSING_MS, COMMON, TARGET } from './lib/common.ts'
import { openStream } from './lib/open-stream.ts'
import { count, duration, settingsFrom } from './lib/settings.ts'
import { thresholdsFor } from './lib/thresholds.ts'
import { durationText, usersFor } from './lib/time.ts'
import { streamUrl } from './lib/url.ts'

const settings = settingsFrom(__ENV, {
  ...TARGET,
  rate: count('SSE_RATE', 50),
  rampMs: duration('SSE_RAMP', '60s'),
  streamMs: duration('SSE_STREAM_DURATION', '5s'),
  maxOpenMs: duration('SSE_MAX_OPEN', '1s'),
})

/** Ends the test as soon as it is crossed, but not because of the first few streams. */
const breaks = (threshold: string) => [{ threshold, abortOnFail: true, delayAbortEval: '5s' }]

export const options: Options = {
  ...COMMON,
  scenarios: {
    breakpoint: {
      executor: 'ramping-arrival-rate',
      startRate: 0,
      timeUnit: '1s',
      stages: [{ target: settings.rate, duration: durationText(settings.rampMs) }],
      preAllocatedVUs: usersFor(settings.rate, settings.streamMs),
      // For the case that nothing breaks. A threshold that aborts does not wait: the open streams are interrupted, and
      // that is wanted, for a server beyond its limit would not get better by being held there.
      gracefulStop: durationText(settings.streamMs + CLOSING_MS),
    },
  },
  thresholds: thresholdsFor(sse.harness, {
    checks: breaks('rate>0.99'),
    sse_headers_duration: breaks(`p(95)<${settings.maxOpenMs}`),
    // Here it is this machine that broke: there were more arrivals than users.
    dropped_iterations: breaks('count==0'),
    // Without an event nothing was tried, and a rate that was "held" would mean nothing.
    sse_event: ['count>0'],
  }),
}

export function setup(): number {
  return Date.now()
}

export default function breakpoint(): void {
  const url = streamUrl(settings.url, exec.scenario.iterationInTest)
  checkStream(openStream(url, { ...settings.params, timeoutMs: settings.streamMs }))
}

/** Runs after an abort as well. */
export function teardown(startedAt: number): void {
  const reached = Math.min(1, (Date.now() - startedAt) / settings.rampMs)
  console.log(`The rate had come to ${(reached * settings.rate).toFixed(1)} streams/s of ${settings.rate}.`)
}
