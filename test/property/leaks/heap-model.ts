import type { MeasuredSignal } from '../../../harness/leaks/signal.ts'
import type { Random } from '../../../harness/measure/random.ts'
import { BYTES_PER_KIB } from '../../../harness/model/units.ts'

/** What a heap does from cycle to cycle although nothing leaks; sizes in KiB. */
export interface HeapNoise {
  /** Standard deviation around the level. */
  deviation: number
  /** How much of one cycle's deviation is still there in the next, in [0, 1). */
  memory: number
  /** What is made once: caches, compiled code, hidden classes. */
  warmUp: number
  /** Connections after which two thirds of it are there. */
  warmUpConnections: number
  /** Probability, in each cycle, that the level goes up or down by up to `step`, to stay there. */
  steps: number
  step: number
}

export interface HeapRun {
  noise: HeapNoise
  cycles: number
  /** Cycles before, which are cut. */
  warmUpCycles: number
  connections: number
  /** Bytes left behind by each connection. */
  leak: number
}

const BASE_KIB = 6000
/** Objects are of whole words. */
const WORD_BYTES = 8

const gaussian = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** What is used of the heap after a forced collection, after each cycle. The same random numbers for every size of leak. */
export function heapAfter({ noise, cycles, warmUpCycles, connections, leak }: HeapRun, random: Random): MeasuredSignal {
  let level = BASE_KIB
  let deviation = noise.deviation * gaussian(random)
  const all = Array.from({ length: warmUpCycles + cycles }, (_, cycle) => {
    const [fresh, hits, size] = [gaussian(random), random(), 2 * random() - 1]
    deviation = noise.memory * deviation + Math.sqrt(1 - noise.memory ** 2) * noise.deviation * fresh
    if (hits < noise.steps) level += size * noise.step
    const warm = noise.warmUp * (1 - Math.exp(-((cycle + 1) * connections) / noise.warmUpConnections))
    const bytes = (level + warm + deviation) * BYTES_PER_KIB + leak * connections * (cycle + 1)
    return Math.round(bytes / WORD_BYTES) * WORD_BYTES
  })
  return {
    ...{ name: 'heap used after GC', unit: 'bytes', kind: 'bytes', baseline: null, collected: true },
    ...{ samples: all.slice(warmUpCycles), connectionsPerCycle: connections },
  }
}
