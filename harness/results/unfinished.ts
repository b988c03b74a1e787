import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'

/**
 * Removes what a run that ends without a record has put beside its folder. Synchronous, because it is called while the
 * process ends; after a run that was written there is nothing to remove.
 */
export function discardUnfinished(outDir: string, runId: string): void {
  try {
    for (const name of readdirSync(outDir))
      if (name.startsWith(`.${runId}.`)) rmSync(path.join(outDir, name), { recursive: true, force: true })
  } catch {
    // The folder is gone, and what was in it.
  }
}
