/**
 * Do readers that are too slow spoil it for the others?
 *
 *   sse-harness k6 k6-scripts/slow-consumer.ts --url 'http://127.0.0.1:8080/events?rate=200&size=4096'
 *   k6 run -e 'SSE_URL=http://127.0.0.1:8080/events?rate=200&size=4096' k6-scripts/slow-consumer.ts
 *
 * SSE_SLOW_SHARE (0.2) of SSE_CONNECTIONS (20) streams read SSE_SLOW_BYTES (1024) bytes a second for SSE_DURATION (40s).
 * What they do not read is kept by the kernels first, some megabytes per stream, and by the server only then; so the
 * stream has to be a busy one, as above. The slow ones may lose events or be sent away: that is the server's right.
 * SSE_MAX_GAP (1s): the others are never silent for longer, and lose nothing.
 */
import { sleep } from 'k6'
import exec from 'k6/execution'
import type { Options } from 'k6/options'
import sse from 'k6/x/sse'

import { checkStream } from './lib/checks.ts'
import { CLOSING_MS, COMMON, LEAST_STREAM_MS, PAUSE_AFTER_FAILURE_SECONDS, TARGET } from './lib/common.ts'
import { openStream } from './lib/open-stream.ts'
import { count, duration, settingsFrom, share } from './lib/settings.ts'
import { below, thresholdsFor } from './lib/thresholds.ts'
import { durationText, sleepPast } from './lib/time.ts'
import { streamUrl } from './lib/url.ts'

const settings = settingsFrom(__ENV, {
  ...TARGET,
  connections: count('SSE_CONNECTIONS', 20, 2),
  slowShare: share('SSE_SLOW_SHARE', 0.2),
  slowBytes: count('SSE_SLOW_BYTES', 1024),
  durationMs: duration('SSE_DURATION', '40s'),
  maxGapMs: duration('SSE_MAX_GAP', '1s'),
})
const slowUsers = Math.round(settings.connections * settings.slowShare)

export const options: Options = {
  ...COMMON,
  scenarios: {
    readers: {
      executor: 'constant-vus',
      vus: settings.connections,
      duration: durationText(settings.durationMs),
      gracefulStop: durationText(CLOSING_MS),
    },
  },
  // In braces a tag: only what the steady readers saw is judged.
  thresholds: thresholdsFor(sse.harness, {
    'checks{reader:steady}': ['rate==1'],
    'sse_event{reader:steady}': ['count>0'],
    'sse_events_lost{reader:steady}': ['count==0'],
    'sse_worst_gap{reader:steady}': below(settings.maxGapMs, 'max'),
  }),
}

export default function readers(): void {
  const end = exec.scenario.startTime + settings.durationMs
  const timeoutMs = end - Date.now()
  if (timeoutMs < LEAST_STREAM_MS) {
    sleepPast(end)
    return
  }
  const slow = exec.vu.idInTest <= slowUsers
  const tags = { ...settings.params.tags, reader: slow ? 'slow' : 'steady' }
  const outcome = openStream(streamUrl(settings.url, exec.vu.idInTest - 1), {
    ...settings.params,
    tags,
    timeoutMs,
    ...(slow && { bytesPerSecond: settings.slowBytes }),
  })
  // A slow reader that was sent away comes back, as it would in life.
  if (!checkStream(outcome, tags)) sleep(PAUSE_AFTER_FAILURE_SECONDS)
}
