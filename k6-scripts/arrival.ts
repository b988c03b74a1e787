/**
 * Does the server keep up with streams that arrive at this rate, whether it keeps up or not?
 *
 *   sse-harness k6 k6-scripts/arrival.ts --url http://127.0.0.1:8080/events
 *   k6 run -e SSE_URL=http://127.0.0.1:8080/events -e SSE_RATE=50 k6-scripts/arrival.ts
 *
 * An open model: people do not come later because a server is slow. With a fixed number of users (ramp.ts) a slow server
 * gets fewer requests, and looks better than it is.
 * The rate goes up to SSE_RATE (10) streams a second over SSE_RAMP (20s) and stays for SSE_DURATION (20s). Each stream
 * lives for SSE_STREAM_DURATION (5s), so rate x life of them are open at once.
 * SSE_MAX_OPEN (1s): within this 95 % of them have their response headers.
 */
import exec from 'k6/execution'
import type { Options } from 'k6/options'
import sse from 'k6/x/sse'

import { checkStream } from './lib/checks.ts'
import { CLOSING_MS, COMMON, TARGET } from './lib/common.ts'
import { openStream } from './lib/open-stream.ts'
import { count, duration, settingsFrom } from './lib/settings.ts'
import { below, thresholdsFor } from './lib/thresholds.ts'
import { durationText, usersFor } from './lib/time.ts'
import { streamUrl } from './lib/url.ts'

const settings = settingsFrom(__ENV, {
  ...TARGET,
  rate: count('SSE_RATE', 10),
  rampMs: duration('SSE_RAMP', '20s'),
  durationMs: duration('SSE_DURATION', '20s'),
  streamMs: duration('SSE_STREAM_DURATION', '5s'),
  maxOpenMs: duration('SSE_MAX_OPEN', '1s'),
})

export const options: Options = {
  ...COMMON,
  scenarios: {
    arrival: {
      executor: 'ramping-arrival-rate',
      startRate: 0,
      timeUnit: '1s',
      stages: [
        { target: settings.rate, duration: durationText(settings.rampMs) },
        { target: settings.rate, duration: durationText(settings.durationMs) },
      ],
      // Made before the start: making a user in the middle of the test takes time from those that are measured.
      preAllocatedVUs: usersFor(settings.rate, settings.streamMs),
      // The last streams start at the very end and live as long as all others.
      gracefulStop: durationText(settings.streamMs + CLOSING_MS),
    },
  },
  thresholds: thresholdsFor(sse.harness, {
    checks: ['rate==1'],
    sse_event: ['count>0'],
    sse_connections_failed: ['count==0'],
    sse_events_lost: ['count==0'],
    sse_headers_duration: below(settings.maxOpenMs),
    // Arrivals for which no user was free. They were load that the server did not get, so the rest would flatter it.
    dropped_iterations: ['count==0'],
  }),
}

export default function arrival(): void {
  const url = streamUrl(settings.url, exec.scenario.iterationInTest)
  checkStream(openStream(url, { ...settings.params, timeoutMs: settings.streamMs }))
}
