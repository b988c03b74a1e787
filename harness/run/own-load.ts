import { PerformanceObserver, performance } from 'node:perf_hooks'

import { readText } from '../measure/limits.ts'
import type { Microseconds } from '../model/units.ts'
import { US_PER_MS } from '../model/units.ts'
import type { OwnLoad } from './protocol.ts'

const NS_PER_US = 1000

/** Watches the process it runs in: a figure that the harness itself has spoilt must be known as such. */
export class OwnLoadProbe {
  private loop = performance.eventLoopUtilization()
  private cpu = process.cpuUsage()
  private runDelay = runDelay()
  private gcPauses: Microseconds[] = []
  private readonly observer: PerformanceObserver

  constructor() {
    this.observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) this.gcPauses.push(Math.round(entry.duration * US_PER_MS))
    })
    this.observer.observe({ entryTypes: ['gc'] })
  }

  /** What happened since the last call. */
  take(): OwnLoad {
    const { utilization: utilisation } = performance.eventLoopUtilization(this.loop)
    this.loop = performance.eventLoopUtilization()
    const used = process.cpuUsage(this.cpu)
    this.cpu = process.cpuUsage()
    const delay = runDelay()
    const waited = delay === null || this.runDelay === null ? null : delay - this.runDelay
    this.runDelay = delay
    const gcPauses = this.gcPauses
    this.gcPauses = []
    return { utilisation, cpu: used.user + used.system, runDelay: waited, rss: process.memoryUsage.rss(), gcPauses }
  }

  close(): void {
    this.observer.disconnect()
  }
}

/** Time this thread was ready to run and had no core, since its start; Linux only. */
function runDelay(): Microseconds | null {
  const ns = readText('/proc/self/schedstat')?.split(' ')[1]
  return ns === undefined ? null : Math.round(Number(ns) / NS_PER_US)
}
