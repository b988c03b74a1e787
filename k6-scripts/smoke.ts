/**
 * Does this endpoint give an event stream at all? One stream, a few seconds; run it before anything bigger.
 *
 *   sse-harness k6 k6-scripts/smoke.ts --url http://127.0.0.1:8080/events
 *   k6 run -e SSE_URL=http://127.0.0.1:8080/events k6-scripts/smoke.ts
 *
 * SSE_DURATION (8s): how long the stream is held.
 */
import { check } from 'k6'
import type { Options } from 'k6/options'
import sse from 'k6/x/sse'

import { checkStream } from './lib/checks.ts'
import { CLOSING_MS, COMMON, TARGET } from './lib/common.ts'
import { openStream } from './lib/open-stream.ts'
import { duration, settingsFrom } from './lib/settings.ts'
import { thresholdsFor } from './lib/thresholds.ts'
import { durationText } from './lib/time.ts'
import { streamUrl } from './lib/url.ts'

const settings = settingsFrom(__ENV, { ...TARGET, durationMs: duration('SSE_DURATION', '8s') })

export const options: Options = {
  ...COMMON,
  scenarios: {
    smoke: {
      executor: 'per-vu-iterations',
      vus: 1,
      iterations: 1,
      // The stream closes itself after its time. Only if it should not does k6 interrupt it, and then at once.
      maxDuration: durationText(settings.durationMs + CLOSING_MS),
      gracefulStop: '0s',
    },
  },
  thresholds: thresholdsFor(sse.harness, {
    // k6 counts failed checks and goes on; only a threshold makes them the result of the test.
    checks: ['rate==1'],
    sse_event: ['count>0'],
  }),
}

export default function smoke(): void {
  const outcome = openStream(streamUrl(settings.url, 0), { ...settings.params, timeoutMs: settings.durationMs })
  checkStream(outcome)
  check(outcome, {
    // A browser takes nothing else: with another type its EventSource fails for good.
    'content type is text/event-stream': ({ headers }) => /^text\/event-stream\b/i.test(headers['Content-Type'] ?? ''),
  })
}
