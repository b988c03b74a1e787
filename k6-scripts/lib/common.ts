import type { Options } from 'k6/options'

import { params } from './params.ts'
import { address } from './settings.ts'

/** Settings of every script. */
export const TARGET = {
  url: address('SSE_URL', 'http://127.0.0.1:8080/events'),
  params: params('SSE_PARAMS'),
}

/** Options of every script. */
export const COMMON: Options = {
  // Without `url` and `name`: with {stream} in the address every stream would have time series of its own in k6.
  systemTags: ['status', 'group', 'check', 'error', 'error_code', 'scenario', 'expected_response'],
  summaryTrendStats: ['min', 'med', 'p(95)', 'p(99)', 'max'],
}

/** Between a stream that failed and the next one of the same user: a server in trouble is not helped by a tight loop. */
export const PAUSE_AFTER_FAILURE_SECONDS = 1

/** Beyond the planned end, for closing connections. Streams close themselves on time, so that k6 interrupts none. */
export const CLOSING_MS = 5000

/** A stream that has less time than this until the end is not opened: it would fail for want of an event. */
export const LEAST_STREAM_MS = 2000
