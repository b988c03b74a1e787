import type { Stream } from '../stream.ts'
import type { Plant } from './leak.ts'

/**
 * Whatever a reader has not taken waits for it without a bound, and goes on waiting after its end, in case it comes
 * back. A reader that had taken everything leaves nothing behind.
 */
export const queue: Plant = () => {
  const backlogs = new Map<number, Stream>()
  return {
    queue: { items: Infinity, bytes: Infinity },
    opened: ({ stream }) => void backlogs.set(stream.spec.id, stream),
    closed: (stream) => stream.queued === 0 && backlogs.delete(stream.spec.id),
  }
}
