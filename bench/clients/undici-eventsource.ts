/** Peer: the EventSource that undici brings, counting events. */
import { Agent, EventSource } from 'undici'

import { jobFromArguments, report } from './window.ts'

const job = jobFromArguments()
const counters = { events: 0, open: 0 }
const baseRss = process.memoryUsage.rss()
const dispatcher = new Agent({ bodyTimeout: 0, headersTimeout: 0 })
for (let i = 0; i < job.streams; i += 1) {
  const source = new EventSource(job.url, { dispatcher })
  source.onopen = () => {
    counters.open += 1
  }
  source.onmessage = () => {
    counters.events += 1
  }
  source.onerror = () => {}
}
await report(job, counters, baseRss)
