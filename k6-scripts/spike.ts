/**
 * Does the server survive everybody coming at once, and is it itself again afterwards?
 *
 *   sse-harness k6 k6-scripts/spike.ts --url http://127.0.0.1:8080/events
 *   k6 run -e SSE_URL=http://127.0.0.1:8080/events -e SSE_CONNECTIONS=1000 k6-scripts/spike.ts
 *
 * For event streams that is no rare case: after a restart of a server or a proxy all clients reconnect at the same time.
 * SSE_BASE (5) streams, within SSE_RAMP (1s) SSE_CONNECTIONS (100) of them for SSE_DURATION (15s), and back to the base.
 * Before and after the peak it waits for SSE_REST (10s). Each stream lives for SSE_STREAM_DURATION (5s).
 * SSE_MAX_OPEN (2s): within this 95 % of them have their response headers, the peak included.
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
  base: count('SSE_BASE', 5),
  connections: count('SSE_CONNECTIONS', 100),
  rampMs: duration('SSE_RAMP', '1s'),
  durationMs: duration('SSE_DURATION', '15s'),
  restMs: duration('SSE_REST', '10s'),
  streamMs: duration('SSE_STREAM_DURATION', '5s'),
  maxOpenMs: duration('SSE_MAX_OPEN', '2s'),
})
const untilClosed = durationText(settings.streamMs + CLOSING_MS)

export const options: Options = {
  ...COMMON,
  scenarios: {
    spike: {
      executor: 'ramping-vus',
      startVUs: settings.base,
      stages: [
        { target: settings.base, duration: durationText(settings.restMs) },
        { target: settings.connections, duration: durationText(settings.rampMs) },
        { target: settings.connections, duration: durationText(settings.durationMs) },
        { target: settings.base, duration: durationText(settings.rampMs) },
        { target: settings.base, duration: durationText(settings.restMs) },
      ],
      // The crowd leaves at once, each with the end of its stream: k6 cuts none of them off.
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

export default function spike(): void {
  const url = streamUrl(settings.url, exec.scenario.iterationInTest)
  const passed = checkStream(openStream(url, { ...settings.params, timeoutMs: settings.streamMs }))
  if (!passed) sleep(PAUSE_AFTER_FAILURE_SECONDS)
}
