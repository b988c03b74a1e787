import { setImmediate as turn } from 'node:timers/promises'

import { residentBytes } from '../process-memory.ts'
import { NamedCounts, tally } from './named-counts.ts'
import type { Probe, Reading } from './probe.ts'
import { codeOf, ProbeError } from './probe.ts'
import type { ProcFiles } from './proc-files.ts'
import {
  descriptorKind,
  parseStat,
  PROC_FILES,
  proportionalBytes,
  socketInode,
  tcpStates,
  unixInodes,
} from './proc-files.ts'

/** After so many descriptors the loop has its turn: our own streams must not wait for a probe. */
const DESCRIPTORS_PER_TURN = 256
const USUAL_DESCRIPTORS = ['socket', 'pipe', 'file', 'eventpoll']
const USUAL_STATES = ['LISTEN', 'ESTABLISHED', 'CLOSE_WAIT', 'FIN_WAIT1', 'FIN_WAIT2']

/**
 * Any process on Linux, from outside and by its pid: memory, threads, descriptors by kind and sockets by state. It asks
 * nothing of the process, whose memory is therefore only a ceiling. Sockets that the process has closed are the
 * kernel's and not counted. Source: proc(5).
 */
export class ProcessProbe implements Probe {
  readonly name: string
  private readonly pid: number
  private readonly startTime: string
  private readonly files: ProcFiles
  private readonly descriptors = new NamedCounts('descriptors', USUAL_DESCRIPTORS)
  private readonly tcp = new NamedCounts('tcp', USUAL_STATES)

  private constructor(pid: number, startTime: string, files: ProcFiles) {
    this.name = `process ${pid}`
    this.pid = pid
    this.startTime = startTime
    this.files = files
  }

  /** Remembers which process the pid stands for; rejects with `ProbeError` when there is none. */
  static async open(pid: number, files: ProcFiles = PROC_FILES): Promise<ProcessProbe> {
    return new ProcessProbe(pid, (await statOf(pid, files)).startTime, files)
  }

  async sample(): Promise<Reading[]> {
    await this.identify()
    let readings: Reading[]
    try {
      readings = await this.read()
    } catch (error) {
      // That it has ended explains whatever could not be read.
      await this.identify()
      throw refusal(this.pid, error)
    }
    // Otherwise one half would be of this process and the other of none, or of the next.
    const { threads } = await this.identify()
    return [...readings, { name: 'threads', unit: 'count', kind: 'count', value: threads }]
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  private async identify(): Promise<{ threads: number }> {
    const stat = await statOf(this.pid, this.files)
    if (stat.startTime !== this.startTime)
      throw new ProbeError(
        `process ${this.pid} is another one than at the start: the first has ended and its pid was given away; keep the server running while it is probed`,
      )
    return stat
  }

  private async read(): Promise<Reading[]> {
    const links = await this.links()
    return [
      ceiling('rss', residentBytes(this.pid), `/proc/${this.pid}/status has no VmRSS`),
      await this.proportional(),
      { name: 'descriptors', unit: 'count', kind: 'count', value: links.length },
      ...this.descriptors.readings(tally(links.map(descriptorKind))),
      ...(await this.sockets(links)),
    ]
  }

  /** Where each descriptor points to. One that is closed in the meantime is left out. */
  private async links(): Promise<string[]> {
    const folder = `/proc/${this.pid}/fd`
    const links: string[] = []
    for (const [index, fd] of (await this.files.list(folder)).entries()) {
      if (index % DESCRIPTORS_PER_TURN === DESCRIPTORS_PER_TURN - 1) await turn()
      try {
        links.push(this.files.link(`${folder}/${fd}`))
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error
      }
    }
    return links
  }

  private async proportional(): Promise<Reading> {
    const file = `/proc/${this.pid}/smaps_rollup`
    const text = await this.optional(file)
    return ceiling('pss', proportionalBytes(text ?? ''), `${file} ${text === null ? 'cannot be read' : 'has no Pss'}`)
  }

  private async sockets(links: readonly string[]): Promise<Reading[]> {
    const folder = `/proc/${this.pid}/net`
    const [tcp, tcp6, unix] = await Promise.all(
      ['tcp', 'tcp6', 'unix'].map((name) => this.optional(`${folder}/${name}`)),
    )
    if (tcp == null || unix == null)
      return this.unreadSockets(`${folder}/${tcp == null ? 'tcp' : 'unix'} cannot be read`)
    const states = tcpStates(tcp)
    // There is no tcp6 where IPv6 is switched off.
    for (const [inode, state] of tcpStates(tcp6 ?? '')) states.set(inode, state)
    const unixSockets = unixInodes(unix)
    const inodes = links.map(socketInode).filter((inode) => inode !== null)
    const rest = inodes.filter((inode) => !states.has(inode))
    const local = rest.filter((inode) => unixSockets.has(inode)).length
    return [
      ...this.tcp.readings(tally(inodes.flatMap((inode) => states.get(inode) ?? []))),
      { name: 'unix sockets', unit: 'count', kind: 'count', value: local },
      // Neither bound nor connected, as after a reset that the process has not answered by closing; and UDP.
      { name: 'other sockets', unit: 'count', kind: 'count', value: rest.length - local },
    ]
  }

  private unreadSockets(why: string): Reading[] {
    const none = { unit: 'count', kind: 'count', value: null, why } as const
    return [...this.tcp.unread(why), { name: 'unix sockets', ...none }, { name: 'other sockets', ...none }]
  }

  private async optional(file: string): Promise<string | null> {
    try {
      return await this.files.text(file)
    } catch {
      return null
    }
  }
}

function ceiling(name: string, value: number | null, why: string): Reading {
  const reading = { name, unit: 'bytes', kind: 'ceiling', value } as const
  return value === null ? { ...reading, why } : reading
}

async function statOf(pid: number, files: ProcFiles): Promise<ReturnType<typeof parseStat>> {
  let text: string
  try {
    text = await files.text(`/proc/${pid}/stat`)
  } catch (error) {
    if (!(await hasProc(files)))
      throw new ProbeError(
        `process ${pid} cannot be read: this system has no /proc, which only Linux has; probe a Node process by its inspector, or a gauge of the server`,
      )
    throw refusal(pid, error)
  }
  const stat = parseStat(text)
  // Dead, but not yet asked for how it ended.
  if (['Z', 'X'].includes(stat.state)) throw gone(pid)
  return stat
}

async function hasProc(files: ProcFiles): Promise<boolean> {
  try {
    return (await files.text('/proc/self/stat')) !== ''
  } catch {
    return false
  }
}

const gone = (pid: number): ProbeError =>
  new ProbeError(
    `process ${pid} is not there: it has ended, or the pid is wrong; give the pid of a server that keeps running`,
  )

function refusal(pid: number, error: unknown): Error {
  const code = codeOf(error)
  if (code === 'ENOENT' || code === 'ESRCH') return gone(pid)
  if (code === 'EACCES' || code === 'EPERM')
    return new ProbeError(
      `process ${pid} may not be read (${code} in /proc/${pid}): it belongs to another user or is protected; probe it as the user that runs it, or as root`,
    )
  return new ProbeError(
    `process ${pid} cannot be read (${code || String(error)} in /proc/${pid}); look at whether /proc is mounted as usual`,
  )
}
