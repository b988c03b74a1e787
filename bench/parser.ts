/**
 * What parsing costs, in ns per event, beside the floor: finding every LF of the same bytes and nothing else.
 * `node dist/bench/parser.js`
 */
import type { EventView, ParserSink } from '../harness/sse/event.ts'
import { SseParser } from '../harness/sse/parser.ts'

const EVENTS = 500
const ROUNDS = 9
const LF = 10
const NS_PER_MS = 1e6

class Counter implements ParserSink {
  events = 0
  bytes = 0
  event(view: EventView): void {
    this.events += 1
    this.bytes += view.dataEnd - view.dataStart
  }
  comment(): void {}
  retry(): void {}
  overflow(): void {}
}

const counter = new Counter()
const line = (seq: number, payload: string, end: string) =>
  Buffer.from(`id: ${seq}${end}data: {"t":1795448865910838,"seq":${seq},"p":"${payload}"}${end}${end}`)

function eventsOf(bytes: number, end: string): Buffer[] {
  return Array.from({ length: EVENTS }, (_, seq) => line(seq, 'x'.repeat(bytes), end))
}

/** Cuts at every so many bytes, so that events fall on the borders. */
function inPieces(all: Buffer, bytes: number): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < all.length; at += bytes) pieces.push(all.subarray(at, at + bytes))
  return pieces
}

function parse(chunks: readonly Buffer[]): void {
  const parser = new SseParser(counter)
  for (const chunk of chunks) parser.push(chunk)
}

function floor(chunks: readonly Buffer[]): void {
  for (const chunk of chunks)
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) counter.bytes += 1
}

/** The fastest of some rounds: whatever else runs on the machine can only add. */
function nsPerEvent(work: (chunks: readonly Buffer[]) => void, chunks: readonly Buffer[], repeats: number): number {
  let best = Infinity
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now()
    for (let i = 0; i < repeats; i += 1) work(chunks)
    best = Math.min(best, performance.now() - start)
  }
  return Math.round((best * NS_PER_MS) / (repeats * EVENTS))
}

const SMALL = 90
const LARGE = 16_384
const READ = 65_536
const cases: [name: string, chunks: Buffer[], repeats: number][] = [
  ['one event a chunk, LF', eventsOf(SMALL, '\n'), 200],
  ['one event a chunk, CRLF', eventsOf(SMALL, '\r\n'), 200],
  ['64 KiB chunks', inPieces(Buffer.concat(eventsOf(SMALL, '\n')), READ), 200],
  ['64 KiB chunks, 16 KiB events', inPieces(Buffer.concat(eventsOf(LARGE, '\n')), READ), 10],
]

for (const [name, chunks, repeats] of cases) {
  const ours = nsPerEvent(parse, chunks, repeats)
  const least = nsPerEvent(floor, chunks, repeats)
  console.log(`${name.padEnd(30)} ${String(ours).padStart(6)} ns/event   floor ${String(least).padStart(6)}`)
}
