import type { Server } from 'node:http'

import { closure } from './closure.ts'
import type { Leak, Plant } from './leak.ts'
import { listener } from './listener.ts'
import { queue } from './queue.ts'
import { reqClose } from './req-close.ts'
import { socket } from './socket.ts'
import { timer } from './timer.ts'
import { unrefInterval } from './unref-interval.ts'

const PLANTS = {
  listener,
  timer,
  'unref-interval': unrefInterval,
  closure,
  queue,
  socket,
  'req-close': reqClose,
} as const satisfies Record<string, Plant>

export type LeakName = keyof typeof PLANTS
export const LEAK_NAMES = Object.keys(PLANTS) as LeakName[]

/** The leak that was asked for; null, as always in earnest, for none. */
export function plantLeak(name: LeakName | null, server: Server): Leak | null {
  return name === null ? null : PLANTS[name](server)
}
