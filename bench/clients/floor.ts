/**
 * The floor: bare sockets, one receive buffer for all of them, events counted by their blank line, nothing recorded.
 * No client can do its work for less than the reading of the bytes costs here.
 */
import net from 'node:net'

import { jobFromArguments, report } from './window.ts'

const BUFFER_BYTES = 64 * 1024
const job = jobFromArguments()
const url = new URL(job.url)
const counters = { events: 0, open: 0 }
const baseRss = process.memoryUsage.rss()
const shared = Buffer.alloc(BUFFER_BYTES)
const request = `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\naccept: text/event-stream\r\n\r\n`

for (let i = 0; i < job.streams; i += 1) {
  net
    .connect({
      host: url.hostname,
      port: Number(url.port),
      onread: {
        buffer: shared,
        callback: (length: number, buffer: Uint8Array): boolean => {
          const bytes = buffer as Buffer
          // An event ends with two newlines in a row; one split between reads is missed, which a floor may do.
          for (let at = bytes.indexOf('\n\n'); at >= 0 && at < length; at = bytes.indexOf('\n\n', at + 2))
            counters.events += 1
          return true
        },
      },
    })
    .once('connect', function (this: net.Socket) {
      counters.open += 1
      this.write(request)
    })
    .on('error', () => {})
}
await report(job, counters, baseRss)
