import type { CliRun } from './cli.ts'
import { commandOf, listeningPort, until } from './processes.ts'

/** What these tests read of `/stats`. */
export interface Stats {
  active: number
  channels: { key: string; head: number }[]
  eventsSent: number
  queuedBytes: number
}

export const statsOf = async (origin: string): Promise<Stats> =>
  (await fetch(`${origin}/stats`)).json() as Promise<Stats>

export const control = async (origin: string, action: Record<string, unknown>): Promise<void> => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${origin}/control`, { method: 'POST', headers, body: JSON.stringify(action) })
  if (!response.ok) throw new Error(`/control answered ${response.status}: ${await response.text()}`)
}

export const isServer = (pid: number): boolean => commandOf(pid).includes('server/main.js')

/** The reference server that a run has started, which nobody tells us the address of. */
export async function startedServer(run: CliRun): Promise<{ pid: number; origin: string }> {
  const pid = await until('the server of the run', () => run.children().find(isServer))
  const port = await until('its port', () => listeningPort(pid))
  return { pid, origin: `http://127.0.0.1:${port}` }
}

/** Waits until a part of bench is on, which is seen by the name of its channel, and that has published so many events. */
export async function untilChannel(origin: string, name: string, events = 0): Promise<void> {
  const isOn = ({ channels, active }: Stats) =>
    active > 1 && channels.some(({ key, head }) => key.startsWith(name) && head >= events)
  await until(`a channel ${name} with ${events} events`, async () => isOn(await statsOf(origin)))
}
