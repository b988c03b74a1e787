import { readlinkSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'

import { BYTES_PER_KIB } from '../../model/units.ts'

/** What is read of /proc; errors carry the codes of the system. */
export interface ProcFiles {
  text(path: string): Promise<string>
  list(path: string): Promise<string[]>
  /** At once: a trip to another thread for each of 10 000 descriptors would take longer than all of them. */
  link(path: string): string
}

export const PROC_FILES: ProcFiles = {
  text: (path) => readFile(path, 'utf8'),
  list: (path) => readdir(path),
  link: (path) => readlinkSync(path),
}

interface ProcStat {
  /** One letter; `Z` has ended and waits for its parent to ask. */
  state: string
  threads: number
  /** Ticks since the boot, as they stand there: pids come again, but not with the same start. */
  startTime: string
}

/** Fields of /proc/PID/stat, counted from the one after the name; proc(5) counts from 1 and has two before. */
const STATE_FIELD = 0
const THREADS_FIELD = 17
const START_TIME_FIELD = 19

export function parseStat(text: string): ProcStat {
  // The name between the brackets may hold spaces and brackets itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return {
    state: fields[STATE_FIELD] ?? '',
    threads: Number(fields[THREADS_FIELD]),
    startTime: fields[START_TIME_FIELD] ?? '',
  }
}

/** Bytes of /proc/PID/smaps_rollup that are the process's own, shared pages by their share; null when it has none. */
export function proportionalBytes(rollup: string): number | null {
  const kib = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]
  return kib === undefined ? null : Number(kib) * BYTES_PER_KIB
}

/** As the kernel names them. Source: Linux, include/net/tcp_states.h. */
const TCP_STATES: Readonly<Record<string, string>> = {
  '01': 'ESTABLISHED',
  '02': 'SYN_SENT',
  '03': 'SYN_RECV',
  '04': 'FIN_WAIT1',
  '05': 'FIN_WAIT2',
  '06': 'TIME_WAIT',
  '07': 'CLOSE',
  '08': 'CLOSE_WAIT',
  '09': 'LAST_ACK',
  '0A': 'LISTEN',
  '0B': 'CLOSING',
  '0C': 'NEW_SYN_RECV',
}
const TCP_STATE_COLUMN = 3
const TCP_INODE_COLUMN = 9
const UNIX_INODE_COLUMN = 6

/** Inode -> state, from the text of /proc/PID/net/tcp or tcp6. Sockets that no process holds have the inode 0. */
export function tcpStates(table: string): Map<string, string> {
  const states = new Map<string, string>()
  for (const columns of rows(table)) {
    const code = columns[TCP_STATE_COLUMN] ?? ''
    states.set(columns[TCP_INODE_COLUMN] ?? '', TCP_STATES[code] ?? `state ${code}`)
  }
  return states
}

/** The inodes of /proc/PID/net/unix. */
export function unixInodes(table: string): Set<string> {
  return new Set(rows(table).map((columns) => columns[UNIX_INODE_COLUMN] ?? ''))
}

function rows(table: string): string[][] {
  const lines = table.split('\n').slice(1)
  return lines.filter((line) => line !== '').map((line) => line.trim().split(/\s+/))
}

/** The inode of a descriptor that is a socket. */
export function socketInode(link: string): string | null {
  return /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? null
}

/** `socket`, `pipe`, `eventpoll` and so on, from what /proc/PID/fd/N points to; what has a path is a file. */
export function descriptorKind(link: string): string {
  // `anon_inode:[eventpoll]`, but `anon_inode:inotify`; all others have a kind and a number.
  return /^anon_inode:\[?([^\]:]+)/.exec(link)?.[1] ?? /^([a-z_]+):\[\d+\]$/.exec(link)?.[1] ?? 'file'
}
