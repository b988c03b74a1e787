/**
 * Does the server hold this many streams at once, and does every event arrive on each of them?
 *
 *   sse-harness k6 k6-scripts/load.ts --url http://127.0.0.1:8080/events
 *   k6 run -e SSE_URL=http://127.0.0.1:8080/events -e SSE_CONNECTIONS=200 k6-scripts/load.ts
 *
 * SSE_CONNECTIONS (50) streams are opened over SSE_RAMP (5s) and held for SSE_DURATION (30s), SSE_PER_USER (10) by each
 * virtual user; xk6-sse can only hold one.
 * SSE_MAX_OPEN (1s): within this 95 % of them have their response headers.
 * SSE_MAX_LATENCY (not judged): within this 95 % of the events arrive, from when they were due.
 */
import exec from 'k6/execution'
import type { Options } from 'k6/options'
import sse from 'k6/x/sse'

import { checkStream } from './lib/checks.ts'
import { CLOSING_MS, COMMON, TARGET } from './lib/common.ts'
import { openStreams } from './lib/open-stream.ts'
import { count, duration, optionalDuration, settingsFrom } from './lib/settings.ts'
import { below, thresholdsFor } from './lib/thresholds.ts'
import { durationText, sleepPast } from './lib/time.ts'
import { streamUrl } from './lib/url.ts'

const settings = settingsFrom(__ENV, {
  ...TARGET,
  connections: count('SSE_CONNECTIONS', 50),
  perUser: count('SSE_PER_USER', 10),
  rampMs: duration('SSE_RAMP', '5s'),
  durationMs: duration('SSE_DURATION', '30s'),
  maxOpenMs: duration('SSE_MAX_OPEN', '1s'),
  maxLatencyMs: optionalDuration('SSE_MAX_LATENCY'),
})
const perUser = sse.batch === undefined ? 1 : settings.perUser
const users = Math.ceil(settings.connections / perUser)
const totalMs = settings.rampMs + settings.durationMs

export const options: Options = {
  ...COMMON,
  scenarios: {
    load: {
      executor: 'constant-vus',
      vus: users,
      duration: durationText(totalMs),
      // All streams end with the scenario by themselves; this is the time they have for closing.
      gracefulStop: durationText(CLOSING_MS),
    },
  },
  thresholds: thresholdsFor(sse.harness, {
    checks: ['rate==1'],
    sse_event: ['count>0'],
    sse_connections_failed: ['count==0'],
    sse_events_lost: ['count==0'],
    sse_headers_duration: below(settings.maxOpenMs),
    // Only if asked for: k6 keeps a value for each event of a metric that has a threshold.
    ...(settings.maxLatencyMs !== null && { sse_delivery_latency: below(settings.maxLatencyMs) }),
  }),
}

export default function load(): void {
  const user = exec.scenario.iterationInTest
  const { startTime } = exec.scenario
  const end = startTime + totalMs
  // Only the first iteration of each user: a stream that is over early (`maxEvents`, a server that sends it away) is not
  // replaced.
  if (user < users) for (const outcome of openStreams(streamsOf(user, startTime, end))) checkStream(outcome)
  sleepPast(end)
}

/** User u has the streams u, u + users, u + 2 users, ..., so that those of each are spread over the whole ramp. */
function streamsOf(user: number, start: number, end: number): Parameters<typeof openStreams>[0] {
  const numbers = Array.from({ length: Math.ceil((settings.connections - user) / users) }, (_, n) => user + n * users)
  return numbers.map((number) => {
    // Stream i is due at i/N of the ramp, and its times are counted from when it was due, so that a generator that falls
    // behind cannot make the server look faster.
    const dueAt = start + (settings.rampMs * number) / settings.connections
    const params = { reconnect: true, ...settings.params, dueAt, timeoutMs: end - dueAt }
    return { url: streamUrl(settings.url, number), params }
  })
}
