/**
 * The module `k6/x/sse`: the script API of xk6-sse, and what the k6 of sse-harness can do beyond it. On a k6 with
 * xk6-sse the further parameters are ignored, and the further members are absent.
 */
declare module 'k6/x/sse' {
  /** Durations are text with a unit, `500ms`, `5s` or `1m30s`. */
  export interface Params {
    method?: string
    headers?: Record<string, string>
    body?: string
    tags?: Record<string, string>
    /** How long the stream is wanted; then it is closed. In xk6-sse the limit of the whole request. */
    timeout?: string

    // Beyond xk6-sse:

    /** Whether a stream that ends or fails is opened again, by the rules of the HTML standard; default `never`. `true` is `auto`. */
    reconnect?: boolean | 'auto' | 'always' | 'never'
    /** Reconnection time until the server sets one; default `3s`. */
    retry?: string
    /** Waits before reconnecting, instead of the reconnection time. */
    backoff?: { initial?: string; max?: string; factor?: number; jitter?: 'none' | 'full' }
    /** Sent with the first request, as if an event with this id had been received before. */
    lastEventId?: string
    /** Events after which the stream has ended successfully. */
    maxEvents?: number
    /** The event that ends the stream successfully: `data=TEXT`, `event=NAME` or `id=ID`. */
    until?: string
    connectTimeout?: string
    headersTimeout?: string
    /** How long an open stream may be silent before it is given up. */
    idleTimeout?: string
    /** Where an event's time is: `id:UNIT`, `json:$.path:UNIT`, `regex:(...):UNIT`; the unit is ns, us, ms or s. */
    stamp?: string
    /** Where an event's number is: `id`, `json:$.path` or `regex:(...)`. */
    sequence?: string
    /** Reads no faster than this, on purpose: a slow consumer. */
    bytesPerSecond?: number
    /**
     * Milliseconds since the epoch at which the stream is due to start, or was; default: now. It is not opened before that,
     * and its times, `timeout` among them, count from then.
     */
    dueAt?: number
  }

  export interface Event {
    id: string
    name: string
    data: string
    /** Always empty in the k6 of sse-harness: a comment is no event. */
    comment: string
  }

  export interface StreamError {
    error(): string
  }

  export interface Client {
    /** Each connection that became an event stream, the first one and those after a reconnect. */
    on(name: 'open', handler: () => void): void
    /** Each event. Without such a handler events are counted and measured without a call into the script. */
    on(name: 'event', handler: (event: Event) => void): void
    /** The stream was lost, or an attempt failed; with `reconnect` another attempt follows by itself. */
    on(name: 'error', handler: (error: StreamError) => void): void
    /** Ends the stream successfully. */
    close(): void
    /** Drops the connection and comes back with `Last-Event-ID`, after the reconnection time. Needs `reconnect`. */
    drop?(): void
  }

  export interface Response {
    url: string
    status: number
    headers: Record<string, string>
    /** Empty when the stream ended successfully. */
    error: string

    // Beyond xk6-sse:

    /** Why the stream ended (`clean`, `max-events`, `reset`, ...), or why the last attempt failed (`status`, `refused`, ...). */
    end?: string
    events?: number
    reconnects?: number
    lost?: number
    duplicates?: number
    lastEventId?: string
  }

  const sse: {
    /** Opens a stream and returns once it has ended for good. */
    open(url: string, params: Params | null, setup: (client: Client) => void): Response
    /**
     * Holds many streams at once, each from its `dueAt` on, and returns once all have ended for good, in the order of the
     * requests. Without handlers, so that one virtual user, which is several times the size of a stream, does for many.
     */
    batch?(requests: { url: string; params?: Params | null }[]): Response[]
    /** Version of the module in the k6 of sse-harness; absent in xk6-sse. */
    readonly harness?: string
  }
  export default sse
}
