/**
 * How does the server take more and more streams, and does it let go of them again?
 *
 *   sse-harness k6 k6-scripts/ramp.ts --url http://127.0.0.1:8080/events
 *   k6 run -e SSE_URL=http://127.0.0.1:8080/events -e SSE_CONNECTIONS=500 k6-scripts/ramp.ts
 *
 * The number of open streams goes up to SSE_CONNECTIONS (50) over SSE_RAMP (20s), stays for SSE_DURATION (20s) and goes
 * down to 0 over SSE_RAMP_DOWN (10s). Each lives for SSE_STREAM_DURATION (5s) and is followed by another one, so
 * connecting and closing go on all the time.
 * SSE_MAX_OPEN (1s): within this 95 % of them have their response headers.
 */
import { sleep } from 'k6'
import exec from 'k6/execution'
import type { Options } from 'k6/options'
import sse from 'k6/x/sse'

import { checkStream } from './lib/checks.ts'
import { CLOSING_MS, COMMON, PAUSE_AFTER_FAILURE_SECONDS, TARGET } from './lib/common.ts'
import { openStream } from './lib/open-stream.ts'
import { count, duration, settingsFrom } from './lib/settings.ts'
import { below, thresholdsFor } from './lib/thresholds.ts'
import { durationText } from './lib/time.ts'
import { streamUrl } from './lib/url.ts'

const settings = settingsFrom(__ENV, {
  ...TARGET,
  connections: count('SSE_CONNECTIONS', 50),
  rampMs: duration('SSE_RAMP', '20s'),
  durationMs: duration('SSE_DURATION', '20s'),
  rampDownMs: duration('SSE_RAMP_DOWN', '10s'),
  streamMs: duration('SSE_STREAM_DURATION', '5s'),
  maxOpenMs: duration('SSE_MAX_OPEN', '1s'),
})
// A stream is never cut short by k6: that would look like a client that disconnects, and its checks would not run.
const untilClosed = durationText(settings.streamMs + CLOSING_MS)

export const options: Options = {
  ...COMMON,
  scenarios: {
    ramp: {
      executor: 'ramping-vus',
      startVUs: 0,
      stages: [
        { target: settings.connections, duration: durationText(settings.rampMs) },
        { target: settings.connections, duration: durationText(settings.durationMs) },
        { target: 0, duration: durationText(settings.rampDownMs) },
      ],
      // For users that the ramp takes away, and for those that are left at its end.
      gracefulRampDown: untilClosed,
      gracefulStop: untilClosed,
    },
  },
  thresholds: thresholdsFor(sse.harness, {
    checks: ['rate==1'],
    sse_event: ['count>0'],
    sse_connections_failed: ['count==0'],
    sse_events_lost: ['count==0'],
    sse_headers_duration: below(settings.maxOpenMs),
  }),
}

export default function ramp(): void {
  const url = streamUrl(settings.url, exec.scenario.iterationInTest)
  const passed = checkStream(openStream(url, { ...settings.params, timeoutMs: settings.streamMs }))
  if (!passed) sleep(PAUSE_AFTER_FAILURE_SECONDS)
}
