/**
 * What every client of the comparison reports: events and CPU over the same window, with nothing of the start in it.
 * Arguments: URL, streams, warm-up seconds, window seconds. One JSON line at the end, then the process ends itself.
 */
export interface ClientFigures {
  events: number
  seconds: number
  cpuMicros: number
  rssBytes: number
  baseRssBytes: number
  open: number
}

export interface ClientJob {
  url: string
  streams: number
  warmUp: number
  window: number
}

export function jobFromArguments(): ClientJob {
  const [url = '', streams = '1', warmUp = '2', window = '5'] = process.argv.slice(2)
  return { url, streams: Number(streams), warmUp: Number(warmUp), window: Number(window) }
}

const MICROS = 1_000_000

/** Counts over the window and prints; `events` and `open` are read, not reset. */
export async function report(
  job: ClientJob,
  counters: { events: number; open: number },
  baseRssBytes: number,
): Promise<never> {
  await seconds(job.warmUp)
  const startEvents = counters.events
  const startCpu = process.cpuUsage()
  const start = process.hrtime.bigint()
  await seconds(job.window)
  const cpu = process.cpuUsage(startCpu)
  const figures: ClientFigures = {
    events: counters.events - startEvents,
    seconds: Number(process.hrtime.bigint() - start) / 1e9,
    cpuMicros: cpu.user + cpu.system,
    rssBytes: process.memoryUsage.rss(),
    baseRssBytes,
    open: counters.open,
  }
  process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0))
  return new Promise(() => {})
}

async function seconds(count: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, (count * MICROS) / 1000))
}
