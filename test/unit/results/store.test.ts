import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { HistogramLogReader, listTags } from 'hdr-histogram-js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Counts } from '../../../harness/histogram/counts.ts'
import { UsageError } from '../../../harness/model/exit-codes.ts'
import { IntervalLog } from '../../../harness/results/intervals.ts'
import { listRunIds, readRun } from '../../../harness/results/read.ts'
import { checkOut, renderInto, writeRun } from '../../../harness/results/write.ts'
import { sampleRecord, START_US } from '../../fixtures/records/sample.ts'
import { bareRecord } from '../../fixtures/records/variants.ts'

let out = ''
beforeEach(() => {
  out = mkdtempSync(path.join(tmpdir(), 'sse-harness-results-'))
})
afterEach(() => rmSync(out, { recursive: true, force: true }))

const of = (...values: number[]) => {
  const counts = new Counts(3_600_000_000)
  for (const value of values) counts.record(value)
  return counts
}
const sentence = async (attempt: Promise<unknown>) => {
  const error = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(UsageError)
  expect((error as UsageError).faults).toHaveLength(1)
  return (error as UsageError).message
}

describe('writing', () => {
  test('a run folder is whole and nothing else stays', async () => {
    const record = sampleRecord()
    const log = new IntervalLog(path.join(out, '.log'), START_US)
    log.append('sse_delivery_latency', START_US, START_US + 1_000_000, of(5))
    const folder = await writeRun(out, record, log.finish())
    expect(readdirSync(out)).toEqual([record.id])
    expect(readdirSync(folder)).toEqual(
      expect.arrayContaining(['run.json', 'intervals.hlog', 'report.html', 'summary.md', 'junit.xml']),
    )
    expect(readdirSync(folder)).toContain('sse_delivery_latency.hgrm')
    expect((await readRun(record.id, out)).record).toEqual(record)
  })

  test('an interval log that is gone takes the whole folder with it', async () => {
    const message = await sentence(writeRun(out, sampleRecord(), path.join(out, 'nothing')))
    expect(message).toContain('cannot be written')
    expect(readdirSync(out)).toEqual([])
  })

  test('a run of the same id is not overwritten', async () => {
    await writeRun(out, sampleRecord(), null)
    const message = await sentence(writeRun(out, sampleRecord({ seed: 1 }), null))
    expect(message).toContain('a run of that name is there already')
    expect((await readRun('latest', out)).record.seed).toBe(sampleRecord().seed)
    expect(readdirSync(out)).toHaveLength(1)
  })

  test('an id cannot lead out of the folder', async () => {
    await expect(writeRun(out, sampleRecord({ id: '../evil' }), null)).rejects.toThrow(RangeError)
  })

  test('checkOut makes the folder, and refuses a file in its place', async () => {
    await checkOut(path.join(out, 'a/b'))
    expect(readdirSync(path.join(out, 'a/b'))).toEqual([])
    writeFileSync(path.join(out, 'file'), '')
    expect(await sentence(checkOut(path.join(out, 'file/b')))).toContain('a part of that path is a file')
  })

  test('rendering again drops the listing of a metric that is gone', async () => {
    const folder = await writeRun(out, sampleRecord(), null)
    await renderInto(folder, bareRecord())
    expect(readdirSync(folder).toSorted()).toEqual(['junit.xml', 'report.html', 'run.json', 'summary.md'])
  })
})

describe('interval log', () => {
  test('reads back with the public reader, by tag and absolute time', () => {
    const log = new IntervalLog(path.join(out, 'log'), START_US)
    log.append('sse_staleness', START_US, START_US + 1_000_000, of(5, 70_000, 70_000))
    log.append('sse_staleness', START_US + 1_000_000, START_US + 2_000_000, new Counts(10))
    log.append('sse_stream_duration{reason=a b,x=y}', START_US + 1_000_000, START_US + 2_500_000, of(9))
    const text = readFileSync(log.finish(), 'utf8')
    expect(text.split('\n').slice(0, 3)).toEqual([
      '#[Histogram log format version 1.3]',
      '#[StartTime: 1795454130.412 (seconds since epoch), 2026-11-23T17:15:30.412Z]',
      '#[BaseTime: 1795454130.412 (seconds since epoch)]',
    ])
    expect(text).toContain('Tag=sse_staleness,0.000,1.000,70.000,')
    expect(listTags(text)).toEqual(['sse_staleness', 'sse_stream_duration{reason=a_b;x=y}'])
    const reader = new HistogramLogReader(text, 64, false)
    const first = reader.nextIntervalHistogram()
    expect(first?.totalCount).toBe(3)
    expect(first?.getValueAtPercentile(30)).toBe(5)
    expect(first?.startTimeStampMsec).toBeCloseTo(START_US / 1000, 0)
    const second = reader.nextIntervalHistogram()
    expect(second?.totalCount).toBe(1)
    expect((second?.endTimeStampMsec ?? 0) - (second?.startTimeStampMsec ?? 0)).toBeCloseTo(1500, 0)
    expect(reader.nextIntervalHistogram()).toBeNull()
  })

  test('a full disk does not end the run, but the log is not passed off as whole', () => {
    symlinkSync('/dev/full', path.join(out, 'log'))
    const log = new IntervalLog(path.join(out, 'log'), START_US)
    log.append('sse_staleness', START_US, START_US + 1_000_000, of(5))
    expect(() => log.finish()).toThrow('the disk is full')
    expect(readdirSync(out)).toEqual([])
  })

  test('a place that cannot be written is told at once; a discarded log leaves nothing', () => {
    expect(() => new IntervalLog(path.join(out, 'no/where'), START_US)).toThrow(UsageError)
    new IntervalLog(path.join(out, 'log'), START_US).discard()
    expect(readdirSync(out)).toEqual([])
  })
})

describe('reading', () => {
  const ids = ['20261123-171530-412-a1b2c3', '20261123-171530-412-ffffff', '20261124-000000-000-000000']
  const write = (name: string, text: string) => {
    mkdirSync(path.join(out, name), { recursive: true })
    writeFileSync(path.join(out, name, 'run.json'), text)
  }

  test('by folder, file, id, unique prefix and latest', async () => {
    for (const id of ids) write(id, JSON.stringify(bareRecord({ id })))
    mkdirSync(path.join(out, 'zzz'))
    expect(await listRunIds(out)).toEqual(ids)
    for (const name of [
      path.join(out, ids[0] ?? ''),
      path.join(out, ids[0] ?? '', 'run.json'),
      ids[0] ?? '',
      '20261123-171530-412-a',
    ])
      expect((await readRun(name, out)).record.id).toBe(ids[0])
    expect((await readRun('latest', out)).record.id).toBe(ids[2])
    expect((await readRun('latest', out)).folder).toBe(path.join(out, ids[2] ?? ''))
    expect(await sentence(readRun('20261123', out))).toContain('is the start of 2 runs')
    expect(await sentence(readRun('', out))).toContain('is no run')
  })

  test('nothing there', async () => {
    expect(await sentence(readRun('latest', path.join(out, 'none')))).toContain('there is no run')
    expect(await sentence(readRun('x', out))).toContain('"x" is no run')
    expect(existsSync(path.join(out, 'none'))).toBe(false)
  })

  test.each([
    ['cut short', JSON.stringify(sampleRecord()).slice(0, 5000), 'is cut short'],
    ['empty', '', 'is not JSON'],
    ['another thing', 'hello', 'is not JSON'],
    ['another JSON', '{"a":1}', 'is not a run record'],
    ['null', 'null', 'is not a run record'],
    ['of a later version', JSON.stringify({ schema: 'sse-harness/run@2' }), 'written by a newer sse-harness'],
    ['edited', JSON.stringify({ ...sampleRecord(), status: 'green', seed: 'x' }), 'status: '],
    ['edited, second fault', JSON.stringify({ ...sampleRecord(), status: 'green', seed: 'x' }), 'seed: '],
  ])('a record that is %s is refused in one sentence', async (_name, text, expected) => {
    write('bad', text)
    expect(await sentence(readRun('bad', out))).toContain(expected)
  })
})
