import { closeSync, openSync, rmSync, writeSync } from 'node:fs'

import { encodeCounts } from '../histogram/codec.ts'
import type { Counts } from '../histogram/counts.ts'
import type { Microseconds } from '../model/units.ts'
import { MS_PER_SECOND, US_PER_MS, US_PER_SECOND } from '../model/units.ts'
import { cannotWrite } from './files.ts'

const LEGEND = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'

/**
 * The per-second histograms of a run as an HdrHistogram log, format 1.3, one tag per metric. Lines go straight to a file,
 * because an hour of them does not belong in memory. A write that fails (disk full) is kept for `finish`: it must not
 * end the run that is being measured.
 */
export class IntervalLog {
  readonly path: string
  readonly #startUs: Microseconds
  #file: number | null
  #failure: unknown = null

  /**
   * @param path where the lines are collected; in the reports folder, so that it can be moved into the run's
   * @param startUs epoch; the times in the log count from here
   */
  constructor(path: string, startUs: Microseconds) {
    this.path = path
    this.#startUs = startUs
    try {
      this.#file = openSync(path, 'w')
    } catch (error) {
      throw cannotWrite(`the interval log ${path}`, error)
    }
    this.#write(header(startUs))
  }

  /** One interval of one metric, `sse_stream_duration{reason=clean}` included. Intervals without samples have no line. */
  append(tag: string, startUs: Microseconds, endUs: Microseconds, counts: Counts): void {
    const { count, max } = counts.totals
    if (count === 0) return
    const start = seconds(startUs - this.#startUs)
    const longest = ((max ?? 0) / US_PER_MS).toFixed(3)
    this.#write(`Tag=${tagOf(tag)},${start},${seconds(endUs - startUs)},${longest},${encodeCounts(counts)}\n`)
  }

  /** Closes the file and gives its path. Throws a UsageError when a line could not be written. */
  finish(): string {
    this.#close()
    if (this.#failure !== null) {
      rmSync(this.path, { force: true })
      throw cannotWrite(`the interval log ${this.path}`, this.#failure)
    }
    return this.path
  }

  /** For a run that ends without a record: nothing stays behind. */
  discard(): void {
    this.#close()
    rmSync(this.path, { force: true })
  }

  #write(text: string): void {
    if (this.#file === null || this.#failure !== null) return
    try {
      const bytes = Buffer.from(text)
      // A nearly full disk takes a part and reports the rest by its absence.
      for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done)
    } catch (error) {
      this.#failure = error
    }
  }

  #close(): void {
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }
}

function header(startUs: Microseconds): string {
  const since = `${(startUs / US_PER_SECOND).toFixed(3)} (seconds since epoch)`
  const date = new Date((startUs / US_PER_SECOND) * MS_PER_SECOND).toISOString()
  return [
    '#[Histogram log format version 1.3]',
    `#[StartTime: ${since}, ${date}]`,
    `#[BaseTime: ${since}]`,
    '#[Values in microseconds, Interval_Max in milliseconds, times in seconds since BaseTime]',
    LEGEND,
    '',
  ].join('\n')
}

const seconds = (us: Microseconds) => (us / US_PER_SECOND).toFixed(3)

/** The format separates fields by commas, and its other readers also by spaces. */
const tagOf = (key: string) => key.replaceAll(',', ';').replaceAll(/\s/g, '_')
