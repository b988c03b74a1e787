import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import type { QueueLimits } from '../patterns/bounded-queue.ts'
import type { Stream } from '../stream.ts'

/** A stream whose head is sent and whose events are still to come, with what it runs over. */
export interface OpenedStream {
  readonly stream: Stream
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly socket: Socket
}

/**
 * A mistake that is made on purpose, so that a leak detector can be proved by finding it. It only makes the mistake: it
 * counts nothing, and what the figures show of it is what is really there.
 */
export interface Leak {
  /** Takes the place of the bounds that the options set for the queue of a slow reader. */
  readonly queue?: QueueLimits
  readonly opened: (opened: OpenedStream) => void
  /** The stream is out of the registry; what still waits in its queue nobody will take. */
  readonly closed?: (stream: Stream) => void
}

/** Makes the mistake for one server. */
export type Plant = (server: Server) => Leak
