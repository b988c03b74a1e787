/** What the comparisons have in common: a core for each side, client programs beside ours, and how rows are printed. */
import { spawn, spawnSync } from 'node:child_process'
import path from 'node:path'

import { formatCount, US_PER_SECOND } from '../harness/model/units.ts'
import type { ClientFigures } from './clients/window.ts'

export const hasTaskset = spawnSync('taskset', ['-V']).status === 0
export const onCore = (core: number): string[] => (hasTaskset ? ['taskset', '-c', String(core)] : [])
export const WHERE = hasTaskset
  ? 'server on core 0, clients on core 1'
  : 'no taskset here: server and clients share the cores'

export interface Figures {
  name: string
  events: number
  seconds: number
  cpuMicros: number
}

export interface Window {
  streams: number
  warmUpSeconds: number
  seconds: number
}

/** A client program of its own, pinned like ours. */
export async function client(name: string, program: string, url: string, window: Window): Promise<Figures> {
  const file = path.join(import.meta.dirname, 'clients', `${program}.js`)
  const numbers = [window.streams, window.warmUpSeconds, window.seconds].map(String)
  const [command = '', ...args] = [...onCore(1), process.execPath, file, url, ...numbers]
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  for await (const chunk of child.stdout) output += String(chunk)
  const figures = JSON.parse(output) as ClientFigures
  return { name, events: figures.events, seconds: figures.seconds, cpuMicros: figures.cpuMicros }
}

export function print(rows: readonly Figures[], floor: Figures): void {
  const perEvent = (row: Figures) => row.cpuMicros / row.events
  for (const row of rows) {
    const rate = formatCount(Math.round(row.events / row.seconds))
    const perCore = formatCount(Math.round((row.events * US_PER_SECOND) / row.cpuMicros))
    const cells = [
      `${perEvent(row).toFixed(2)} us CPU per event`,
      `${(perEvent(row) / perEvent(floor)).toFixed(2)} x floor`,
      `${rate} events/s`,
      `${perCore} per core-second`,
    ]
    console.log(`  ${row.name.padEnd(34)}${cells.map((cell) => cell.padStart(26)).join('')}`)
  }
}
