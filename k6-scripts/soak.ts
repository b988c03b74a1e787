/**
 * Does the server get worse with time: slower, lossy, or full of streams that it has forgotten to close?
 *
 *   sse-harness k6 k6-scripts/soak.ts --url http://127.0.0.1:8080/events
 *   k6 run -e SSE_URL=http://127.0.0.1:8080/events -e SSE_DURATION=8h k6-scripts/soak.ts
 *
 * SSE_CONNECTIONS (50) streams for SSE_DURATION (1h), opened over SSE_RAMP (10s). Each lives for SSE_STREAM_DURATION (5m)
 * and is followed by another one: what is not released with a connection adds up.
 * SSE_MAX_OPEN (1s): within this 99 % of them have their response headers.
 * SSE_MAX_GAP (30s): no stream is silent for longer.
 */
import { sleep } from 'k6'
import exec from 'k6/execution'
import type { Options } from 'k6/options'
import sse from 'k6/x/sse'

import { checkStream } from './lib/checks.ts'
import { CLOSING_MS, COMMON, LEAST_STREAM_MS, PAUSE_AFTER_FAILURE_SECONDS, TARGET } from './lib/common.ts'
import { openStream } from './lib/open-stream.ts'
import { count, duration, settingsFrom } from './lib/settings.ts'
import { below, thresholdsFor } from './lib/thresholds.ts'
import { durationText, sleepPast, sleepUntil } from './lib/time.ts'
import { streamUrl } from './lib/url.ts'

const settings = settingsFrom(__ENV, {
  ...TARGET,
  connections: count('SSE_CONNECTIONS', 50),
  rampMs: duration('SSE_RAMP', '10s'),
  durationMs: duration('SSE_DURATION', '1h'),
  streamMs: duration('SSE_STREAM_DURATION', '5m'),
  maxOpenMs: duration('SSE_MAX_OPEN', '1s'),
  maxGapMs: duration('SSE_MAX_GAP', '30s'),
})

export const options: Options = {
  ...COMMON,
  scenarios: {
    soak: {
      executor: 'constant-vus',
      vus: settings.connections,
      duration: durationText(settings.durationMs),
      // The last stream of each user is cut to the time that is left, so nobody has to wait for it.
      gracefulStop: durationText(CLOSING_MS),
    },
  },
  thresholds: thresholdsFor(sse.harness, {
    // Over hours a network may fail once; a server that gets worse fails more often than that.
    checks: ['rate>0.999'],
    sse_event: ['count>0'],
    sse_events_lost: ['count==0'],
    // One value per stream. A threshold on a metric of events, such as sse_delivery_latency, would fill k6's memory in
    // a test of this length; the record of `sse-harness k6` has it all the same.
    sse_headers_duration: below(settings.maxOpenMs, 'p(99)'),
    sse_worst_gap: below(settings.maxGapMs, 'max'),
  }),
}

export default function soak(): void {
  const number = exec.scenario.iterationInTest
  const { startTime } = exec.scenario
  const end = startTime + settings.durationMs
  // Spread once: streams of one length stay apart from then on.
  if (number < settings.connections) sleepUntil(startTime + (settings.rampMs * number) / settings.connections)
  const leftMs = end - Date.now()
  if (leftMs < LEAST_STREAM_MS) {
    sleepPast(end)
    return
  }
  const params = { reconnect: true, ...settings.params, timeoutMs: Math.min(settings.streamMs, leftMs) }
  if (!checkStream(openStream(streamUrl(settings.url, number), params))) sleep(PAUSE_AFTER_FAILURE_SECONDS)
}
