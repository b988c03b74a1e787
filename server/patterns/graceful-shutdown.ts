/** The steps of ending a server that has long-lived responses, in the order in which they must happen. */
export interface ShutdownSteps {
  /** New work is refused from here on. */
  stopAccepting(): void
  /** Tells every client, and lets what is queued go out. */
  announce(): void
  /** Resolves when nothing is open any more. */
  drained(): Promise<void>
  /** Ends by force what is still open after the deadline. */
  destroy(): void
}

/** True when everything was drained by the deadline; it is never waited longer than that. */
export async function shutDown(steps: ShutdownSteps, deadlineMs: number): Promise<boolean> {
  steps.stopAccepting()
  steps.announce()
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), deadlineMs)
  })
  const isDrained = await Promise.race([steps.drained().then(() => true), deadline])
  clearTimeout(timer)
  if (!isDrained) steps.destroy()
  return isDrained
}
