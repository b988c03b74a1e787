import type { JsHistogram } from 'hdr-histogram-js'
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from 'hdr-histogram-js'

import type { SparseCounts } from './counts.ts'
import { Counts } from './counts.ts'
import { highestEquivalent, lowestEquivalent } from './layout.ts'

const DIGITS = 3

/** What the encoding cannot hold; what is left out is estimated from the buckets. */
export interface Truth {
  min?: number | null
  max?: number | null
  sum?: number
  overflow?: number
}

/** The library's histogram with equal buckets: for its encoding and its percentile listing. */
export function toHdr(counts: Counts): JsHistogram {
  const hdr = build({
    // Doubles, as ours. The WASM build keeps 32-bit counts and fails above 2^31.
    bitBucketSize: 64,
    useWebAssembly: false,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: counts.highest,
    numberOfSignificantValueDigits: DIGITS,
  }) as JsHistogram
  counts.forEach((index, count) => hdr.recordValueWithCount(lowestEquivalent(index), count))
  const { max, overflow } = counts.totals
  // Its listing prints a max; without this it would be the lower border of the last bucket.
  if (max !== null && overflow === 0) hdr.maxValue = max
  return hdr
}

/** HdrHistogram V2, compressed, base64: what every HDR tool reads. */
export function encodeCounts(counts: Counts): string {
  return encodeIntoCompressedBase64(toHdr(counts))
}

/** @throws {RangeError} when the text is no such encoding, or has another precision than ours. */
export function decodeCounts(text: string, truth: Truth = {}): Counts {
  const hdr = decode(text)
  if (hdr.numberOfSignificantValueDigits !== DIGITS || hdr.lowestDiscernibleValue !== 1)
    throw new RangeError(`a histogram with ${hdr.numberOfSignificantValueDigits} digits cannot be read as one with 3`)
  const counts = new Counts(hdr.highestTrackableValue)
  counts.addSparse(withTruth(bucketsOf(hdr), truth))
  return counts
}

function decode(text: string): JsHistogram {
  try {
    return decodeFromCompressedBase64(text, 64, false) as JsHistogram
  } catch (error) {
    throw new RangeError('not an HdrHistogram (V2, compressed, base64)', { cause: error })
  }
}

interface Buckets {
  indices: Uint32Array
  counts: Float64Array
}

function bucketsOf(hdr: JsHistogram): Buckets {
  const indices: number[] = []
  const counts: number[] = []
  for (let index = 0; index < hdr.countsArrayLength; index += 1) {
    const count = hdr.getCountAtIndex(index)
    if (count === 0) continue
    indices.push(index)
    counts.push(count)
  }
  return { indices: Uint32Array.from(indices), counts: Float64Array.from(counts) }
}

function withTruth({ indices, counts }: Buckets, truth: Truth): SparseCounts {
  const last = indices.at(-1)
  const middle = (index: number) => (lowestEquivalent(index) + highestEquivalent(index)) / 2
  return {
    indices,
    counts,
    min: truth.min ?? (indices[0] === undefined ? Infinity : lowestEquivalent(indices[0])),
    max: truth.max ?? (last === undefined ? -Infinity : highestEquivalent(last)),
    sum: truth.sum ?? counts.reduce((sum, count, i) => sum + count * middle(indices[i]!), 0),
    count: counts.reduce((sum, count) => sum + count, 0),
    overflow: truth.overflow ?? 0,
  }
}
