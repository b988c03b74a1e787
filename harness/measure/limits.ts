import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'

/** A small file's text, or null where there is none: macOS has no /proc and no cgroups. */
export function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return null
  }
}

/** How many files one process started from here may have open; null when it cannot be found out. */
export function openFileLimit(): number | null {
  // Node raises its soft limit to the hard one when it starts, and so will the workers.
  const own = readText('/proc/self/limits')?.match(/^Max open files\s+\S+\s+(\S+)/m)?.[1]
  const text = own ?? spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout?.trim()
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null
}

/** First and last port that outgoing connections are given. */
export function ephemeralPorts(): [number, number] | null {
  const match = readText('/proc/sys/net/ipv4/ip_local_port_range')?.match(/^(\d+)\s+(\d+)$/)
  return match == null ? null : [Number(match[1]), Number(match[2])]
}

export interface CgroupLimits {
  cpuMax: string | null
  memoryMax: string | null
  pidsMax: string | null
}

/** The limits of this process's control group (v2, or v1 where that is what there is), as the kernel writes them. */
export function cgroupLimits(): CgroupLimits {
  const own = /^0::(\S+)$/m.exec(readText('/proc/self/cgroup') ?? '')?.[1] ?? '/'
  const read = (name: string, v1: string) =>
    readText(`/sys/fs/cgroup${own === '/' ? '' : own}/${name}`) ??
    readText(`/sys/fs/cgroup/${name}`) ??
    readText(`/sys/fs/cgroup/${v1}`)
  return {
    cpuMax: read('cpu.max', 'cpu/cpu.cfs_quota_us'),
    memoryMax: read('memory.max', 'memory/memory.limit_in_bytes'),
    pidsMax: read('pids.max', 'pids/pids.max'),
  }
}

/** Cores that this process may use: affinity and the control group's quota, whichever is less. */
export function usableCores(cgroup: CgroupLimits = cgroupLimits()): number {
  const [quota, period] = (cgroup.cpuMax ?? '').split(/\s+/)
  const cores = os.availableParallelism()
  return quota !== undefined && period !== undefined && /^\d+$/.test(quota)
    ? Math.min(cores, Number(quota) / Number(period))
    : cores
}

/** Memory still free for this process in bytes: what the machine has available, cut by the control group. */
export function availableMemory(cgroup: CgroupLimits = cgroupLimits()): number {
  const kib = readText('/proc/meminfo')?.match(/^MemAvailable:\s+(\d+) kB/m)?.[1]
  const machine = kib === undefined ? os.freemem() : Number(kib) * 1024
  return cgroup.memoryMax !== null && /^\d+$/.test(cgroup.memoryMax)
    ? Math.min(machine, Number(cgroup.memoryMax))
    : machine
}
