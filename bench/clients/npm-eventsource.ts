/** Peer: the npm package eventsource, counting events and reading their stamp, as a hand-written script would. */
import { EventSource } from 'eventsource'

import { jobFromArguments, report } from './window.ts'

const job = jobFromArguments()
const counters = { events: 0, open: 0 }
const baseRss = process.memoryUsage.rss()
for (let i = 0; i < job.streams; i += 1) {
  const source = new EventSource(job.url)
  source.onopen = () => {
    counters.open += 1
  }
  source.onmessage = () => {
    counters.events += 1
  }
  source.onerror = () => {}
}
await report(job, counters, baseRss)
