import exec from 'k6/execution'
import type { Params, Response } from 'k6/x/sse'
import sse from 'k6/x/sse'

import { durationText } from './time.ts'
import { openOnXk6Sse } from './xk6-sse.ts'

/** An event stream has no end of its own, so an iteration that opens one has to say when it has seen enough. */
export interface StreamParams extends Omit<Params, 'timeout'> {
  /** How long the stream is wanted, from `dueAt` on. */
  timeoutMs: number
}

/** What both modules can tell of a stream. */
export type Outcome = Pick<Response, 'status' | 'headers' | 'error'> & Required<Pick<Response, 'end' | 'events'>>

/** Opens a stream, and returns once it is over; the same on both modules, whatever they can do by themselves. */
export function openStream(url: string, params: StreamParams): Outcome {
  try {
    return sse.harness === undefined ? openOnXk6Sse(url, params) : openHere(url, params)
  } catch (error) {
    return abort(error)
  }
}

/**
 * A server that fails is told of in the outcome. What is thrown is a mistake in the script or its settings: it would be
 * the same in every iteration, and a loop of those would only fill the screen.
 */
function abort(error: unknown): never {
  exec.test.abort(String(error))
  throw error
}

/**
 * Streams that are opened at their `dueAt` and held together by one user, which only our module can; returns once all are
 * over. Without it a user of k6, which is several times the size of a stream, would be needed for each.
 */
export function openStreams(streams: readonly { url: string; params: StreamParams }[]): Outcome[] {
  const [only] = streams
  if (sse.batch === undefined || streams.length === 1)
    return only === undefined ? [] : [openStream(only.url, only.params)]
  try {
    const requests = streams.map(({ url, params: { timeoutMs, ...params } }) => ({
      url,
      params: { ...params, timeout: durationText(timeoutMs) },
    }))
    return sse.batch(requests).map(outcomeOf)
  } catch (error) {
    return abort(error)
  }
}

/** No event handler: counting, timing and following numbers are the module's work, and no JavaScript runs per event. */
function openHere(url: string, { timeoutMs, ...params }: StreamParams): Outcome {
  return outcomeOf(sse.open(url, { ...params, timeout: durationText(timeoutMs) }, () => {}))
}

function outcomeOf({ status, headers, error, end = '', events = 0 }: Response): Outcome {
  return { status, headers, error, end, events }
}
