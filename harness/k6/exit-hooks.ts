const hooks = new Set<() => void>()
let listening = false

/**
 * What is to be undone should this process exit before it could do so in order: processes to end, folders to remove.
 * Returns how to take it back. One listener for all, because Node warns of the eleventh.
 */
export function onExit(hook: () => void): () => void {
  if (!listening) {
    listening = true
    process.on('exit', () => {
      for (const each of hooks) each()
    })
  }
  hooks.add(hook)
  return () => void hooks.delete(hook)
}
