/**
 * A seeded generator of numbers in [0, 1): xmur3-style hashing of the seed with a key, then mulberry32. Draws are keyed
 * (`seededRandom(seed, 'backoff', stream, attempt)`), so one draw more in one place moves no number elsewhere.
 */
export type Random = () => number

export function seededRandom(seed: number, ...key: readonly (string | number)[]): Random {
  let state = hash(`${seed}/${key.join('/')}`)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** FNV-1a with a final avalanche: neighbouring keys give unrelated states. */
function hash(text: string): number {
  let h = 2166136261
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 16777619)
  h = Math.imul(h ^ (h >>> 16), 2246822507)
  h = Math.imul(h ^ (h >>> 13), 3266489909)
  return (h ^ (h >>> 16)) | 0
}
