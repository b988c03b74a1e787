import type { EndReason, Failure } from '../model/ends.ts'
import type { ResponseHeaders } from './response.ts'

/** What a connection reports; after `closed` or `failed`, and after its owner has ended it, nothing more. */
export interface ConnectionOwner {
  connected(): void
  head(status: number, statusText: string, headers: ResponseHeaders): void
  data(chunk: Buffer): void
  /** After the head. */
  closed(reason: EndReason, detail: string): void
  /** Before the head. */
  failed(failure: Failure, detail: string): void
}
