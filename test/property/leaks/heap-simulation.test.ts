import { describe, expect, test } from 'vitest'

import { BYTES_RULE, judgeBytes } from '../../../harness/leaks/bytes-rule.ts'
import { confirm } from '../../../harness/leaks/confirm.ts'
import type { SignalVerdict } from '../../../harness/leaks/signal.ts'
import { seededRandom } from '../../../harness/measure/random.ts'
import type { HeapNoise, HeapRun } from './heap-model.ts'
import { heapAfter } from './heap-model.ts'

// A Node server that was measured after forced collections: 600 KiB of warm-up over some 1200 connections, then 5 to 10 KiB.
const QUIET: HeapNoise = { deviation: 5, memory: 0.3, warmUp: 300, warmUpConnections: 600, steps: 0.03, step: 20 }
const USUAL: HeapNoise = { deviation: 10, memory: 0.5, warmUp: 600, warmUpConnections: 1200, steps: 0.05, step: 40 }
const ROUGH: HeapNoise = { deviation: 30, memory: 0.5, warmUp: 800, warmUpConnections: 1500, steps: 0.05, step: 80 }
const WORLDS = { QUIET, USUAL, ROUGH }
type World = keyof typeof WORLDS
const DEFAULT_SIZE = { cycles: 15, warmUpCycles: 8, connections: 400 }
type Size = typeof DEFAULT_SIZE

/** In the order leak, undecided, clean. */
type Found = [leak: number, undecided: number, clean: number]

/** The whole way to a verdict: what is not clean is measured again at twice the clients, on the server as it is by then. */
function verdictOf(run: HeapRun, seed: number): SignalVerdict['verdict'] {
  const first = heapAfter(run, seededRandom(seed, 'first'))
  const { verdict } = judgeBytes(first)
  if (verdict === 'clean') return verdict
  const { noise, cycles, warmUpCycles, connections } = run
  const served = (cycles + warmUpCycles) * connections
  const warmUp = noise.warmUp * Math.exp(-served / noise.warmUpConnections)
  const again = { ...run, noise: { ...noise, warmUp }, warmUpCycles: 1, connections: 2 * connections }
  return confirm(first, heapAfter(again, seededRandom(seed, 'second'))).verdict
}

function many(world: World, size: Size, leak: number, runs: number): { once: Found; confirmed: Found } {
  const noise = WORLDS[world]
  const once: SignalVerdict['verdict'][] = []
  const confirmed: SignalVerdict['verdict'][] = []
  for (let seed = 0; seed < runs; seed += 1) {
    const run = { noise, ...size, leak }
    once.push(judgeBytes(heapAfter(run, seededRandom(seed, 'first'))).verdict)
    confirmed.push(verdictOf(run, seed))
  }
  const count = (verdicts: SignalVerdict['verdict'][]) =>
    (['leak', 'undecided', 'clean'] as const).map((kind) => verdicts.filter((one) => one === kind).length) as Found
  return { once: count(once), confirmed: count(confirmed) }
}

describe('at the default size', () => {
  test.each<[World, number]>([
    ['QUIET', 0],
    ['USUAL', 0],
    // Of 300: some have to be measured twice.
    ['ROUGH', 10],
  ])('%s runs without a leak are never called one, and at most %d of 300 are undecided at first', (world, most) => {
    const { once, confirmed } = many(world, DEFAULT_SIZE, 0, 300)
    expect(once[0]).toBe(0)
    expect(once[1]).toBeLessThanOrEqual(most)
    expect(confirmed[0]).toBe(0)
    // At most 1 of 150 not clean.
    expect(confirmed[2]).toBeGreaterThanOrEqual(298)
  })

  test.each<[World, bytes: number, least: number]>([
    ['QUIET', 64, 200],
    ['QUIET', 1000, 200],
    ['USUAL', 64, 195],
    ['USUAL', 90, 199],
    ['USUAL', 200, 200],
    ['USUAL', 1000, 200],
    ['ROUGH', 90, 180],
    ['ROUGH', 200, 199],
    ['ROUGH', 1000, 200],
  ])('%s: %d bytes per connection are found and confirmed in %d of 200 runs or more', (world, leak, least) => {
    const { confirmed } = many(world, DEFAULT_SIZE, leak, 200)
    expect(confirmed[0]).toBeGreaterThanOrEqual(least)
    expect(confirmed[2]).toBeLessThanOrEqual(world === 'ROUGH' ? 2 : 0)
  })
})

describe('at other sizes', () => {
  const sizes = [10, 15, 25].flatMap((cycles) => [100, 200, 500].map((connections) => ({ cycles, connections })))
  test.each(sizes)('$cycles cycles of $connections: what is found, by size of leak', ({ cycles, connections }) => {
    const size = { cycles, connections, warmUpCycles: Math.ceil(3200 / connections) }
    // More cycles take longer to judge.
    const runs = cycles > 20 ? 20 : 60
    const found = Object.fromEntries(
      [0, 64, 90, 200, 1000].map((leak) => [leak, many('USUAL', size, leak, runs)] as const),
    )
    const table = Object.entries(found).map(
      ([leak, { once, confirmed }]) => `${leak}: ${once.join('/')} then ${confirmed.join('/')}`,
    )
    console.log(`${cycles} x ${connections}, leak/undecided/clean of ${runs}: ${table.join(', ')}`)
    expect(found[0]?.confirmed[0]).toBe(0)
    expect(found[1000]?.confirmed[0]).toBe(runs)
    for (const leak of [200, 1000]) expect(found[leak]?.confirmed[2]).toBe(0)
  })
})

test.each<World>(['QUIET', 'USUAL', 'ROUGH'])(
  '%s: a leak of the power that is stated would have been seen',
  (world) => {
    const runs = 200
    let [stated, convicted, passed] = [0, 0, 0]
    for (let seed = 0; seed < runs; seed += 1) {
      const run = { noise: WORLDS[world], ...DEFAULT_SIZE, leak: 0 }
      const { power } = judgeBytes(heapAfter(run, seededRandom(seed, 'clean')))
      if (power === null) continue
      stated += 1
      // Other noise of the same kind, with that leak.
      const { verdict } = judgeBytes(heapAfter({ ...run, leak: power }, seededRandom(seed, 'leaking')))
      if (verdict === 'leak') convicted += 1
      if (verdict === 'clean') passed += 1
    }
    expect(stated).toBeGreaterThan(0.9 * runs)
    expect(convicted / stated).toBeGreaterThan(0.9)
    expect(passed / stated).toBeLessThan(0.01)
  },
)

test('the simulation uses the rule that is used', () => {
  expect(BYTES_RULE).toEqual({ floor: 32, confidence: 0.99, alpha: 0.01, coarsest: 256 })
})
