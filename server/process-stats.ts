import { readdirSync, statSync } from 'node:fs'

const FD_FOLDER = '/proc/self/fd'

/** Open descriptors of this process, or null where /proc does not tell. */
export function openDescriptors(): number | null {
  try {
    // Since Linux 6.2 the size is the count: listing 10 000 descriptors would stall every stream for milliseconds.
    const { size } = statSync(FD_FOLDER)
    if (size > 0) return size
    // The listing itself holds one.
    return readdirSync(FD_FOLDER).length - 1
  } catch {
    return null
  }
}

/** What keeps the loop alive, counted by type; unref'd timers are not among them. */
export function activeHandles(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1
  return counts
}

/** Collects garbage twice, with a turn of the loop between in which what was let go can finish; false without --expose-gc. */
export async function collectGarbage(): Promise<boolean> {
  if (globalThis.gc === undefined) return false
  globalThis.gc()
  await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc()
  return true
}

/** Bytes. */
export function memory(): { rss: number; heapUsed: number; external: number; arrayBuffers: number } {
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage()
  return { rss, heapUsed, external, arrayBuffers }
}

/** CPU time of this process since its start, in microseconds. */
export function cpu(): { userUs: number; systemUs: number } {
  const { user, system } = process.cpuUsage()
  return { userUs: user, systemUs: system }
}
