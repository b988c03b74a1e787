import { describe, expect, it } from 'vitest'

import { seededRandom } from '../../../harness/measure/random.ts'
import { SseParser } from '../../../harness/sse/parser.ts'
import { toJson } from '../../fixtures/streams/fixture.ts'
import { STREAMS } from '../../fixtures/streams/index.ts'
import { collect, Collector } from './collect.ts'
import { referenceParse } from './reference-parser.ts'

describe.each(STREAMS)('$name', ({ name, input, expected, lastEventId }) => {
  it('is what the reference makes of it', () => {
    expect(referenceParse(input)).toEqual(expected)
  })

  it('is parsed whole', () => {
    expect(collect(input).found).toEqual(expected)
  })

  it('is parsed when cut in two at any byte', () => {
    for (let cut = 0; cut <= input.length; cut += 1)
      expect(collect(input, [cut]).found, `cut at ${cut}`).toEqual(expected)
  })

  it('is parsed byte by byte, with empty chunks between', () => {
    const cuts = Array.from(input, (_, at) => [at, at]).flat()
    expect(collect(input, cuts).found).toEqual(expected)
  })

  it('is parsed when cut at random', () => {
    const random = seededRandom(1, 'cuts', name)
    for (let round = 0; round < 200; round += 1) {
      const cuts = Array.from({ length: 1 + Math.floor(random() * 4) }, () => Math.floor(random() * (input.length + 1)))
      expect(collect(input, cuts).found, `cut at ${cuts.join(', ')}`).toEqual(expected)
    }
  })

  it('leaves the id for the reconnect', () => {
    const parser = new SseParser(new Collector())
    parser.push(Buffer.from(input))
    expect(parser.lastEventId()).toBe(lastEventId)
  })
})

describe('the fixtures for other languages', () => {
  it('are those of this run', async () => {
    await expect(toJson(STREAMS)).toMatchFileSnapshot('../../fixtures/streams/streams.json')
  })
})

const feed = (collector: Collector, parser: SseParser, text: string) => {
  const before = collector.found.length
  parser.push(Buffer.from(text))
  return collector.found.slice(before).map((found) => (found.type === 'event' ? found.data : found.type))
}

describe('when events are dispatched', () => {
  it('dispatches an event that ends in CR without waiting for more', () => {
    const collector = new Collector()
    const parser = new SseParser(collector)
    expect(feed(collector, parser, 'data: a\r\r')).toEqual(['a'])
    expect(feed(collector, parser, 'data: b\r\n\r')).toEqual(['b'])
    expect(feed(collector, parser, '\ndata: c\n\n')).toEqual(['c'])
  })

  it('gives ids as numbers when they are, and the range of the own id', () => {
    const seen = collect(Buffer.from('id: 12\ndata: a\n\ndata: b\n\nid: x\ndata: c\n\nid\ndata: d\n\n'))
    expect(seen.numbers).toEqual([12, 12, -1, -1])
    expect(seen.ids).toEqual(['12', null, 'x', ''])
  })
})

describe('a new body', () => {
  const parserWith = (text: string, lastEventId = '') => {
    const collector = new Collector()
    const parser = new SseParser(collector, { lastEventId })
    parser.push(Buffer.from(text))
    parser.reset()
    return { collector, parser }
  }

  it('drops the unfinished block and keeps the last event id', () => {
    const { collector, parser } = parserWith('id: 1\ndata: a\n\nid: 2\nevent: e\ndata: lost\ndata: lo')
    expect(parser.lastEventId()).toBe('1')
    feed(collector, parser, 'data: b\n\n')
    expect(collector.found.at(-1)).toEqual({
      type: 'event',
      event: 'message',
      data: 'b',
      lastEventId: '1',
      hasId: false,
    })
  })

  it('may begin with a byte order mark again, and with an LF that belongs to no CR', () => {
    const { collector, parser } = parserWith('data: a\r')
    expect(feed(collector, parser, '\uFEFFdata: b\n\n')).toEqual(['b'])
    parser.reset()
    expect(feed(collector, parser, '\ndata: c\n\n')).toEqual(['c'])
  })

  it('starts with the id that it is given', () => {
    const { collector, parser } = parserWith('', 'h\u00e4')
    feed(collector, parser, 'data: a\n\n')
    expect(collector.found[0]).toMatchObject({ lastEventId: 'h\u00e4', hasId: false })
  })
})

describe('the limit', () => {
  const limit = 20
  const within = `data:${'x'.repeat(15)}\n\n`
  const cutEverywhere = (text: string) =>
    Array.from({ length: text.length + 1 }, (_, cut) => collect(Buffer.from(text), [cut], { limit }))

  it('lets a line of exactly its length pass', () => {
    for (const seen of cutEverywhere(within)) expect([seen.overflows, seen.found.length]).toEqual([0, 1])
  })

  it.each([
    ['a line', `data: ok\n\ndata:${'x'.repeat(16)}\n\ndata: late\n\n`],
    ['a comment', `data: ok\n\n:${'x'.repeat(20)}\n\ndata: late\n\n`],
    ['a line that never ends', `data: ok\n\n${'x'.repeat(21)}`],
    ['data of many lines', `data: ok\n\n${'data:xxxxx\n'.repeat(4)}\ndata: late\n\n`],
  ])('stops at %s that is longer, wherever it is cut', (_what, text) => {
    for (const seen of cutEverywhere(text)) {
      expect(seen.overflows).toBe(1)
      expect(seen.found.map((found) => found.type)).toEqual(['event'])
    }
  })

  it('does not add up comments and superseded fields', () => {
    const text = `data: x\n${': heartbeat\n'.repeat(50)}${'id: abc\nevent: e\n'.repeat(50)}\n`
    expect(
      collect(
        Buffer.from(text),
        Array.from(text, (_, at) => at),
        { limit },
      ).overflows,
    ).toBe(0)
  })
})

describe('close', () => {
  it('dispatches nothing more of the chunk it was called in', () => {
    const collector = new Collector()
    const parser = new SseParser(collector)
    collector.event = () => {
      collector.numbers.push(0)
      parser.close()
    }
    parser.push(Buffer.from('data: a\n\ndata: b\n\n'))
    parser.push(Buffer.from('data: c\n\n'))
    expect(collector.numbers).toEqual([0])
  })
})

it('parses a line of 4 MiB in small chunks without copying it again and again', () => {
  const collector = new Collector()
  const parser = new SseParser(collector)
  parser.push(Buffer.from('data: '))
  for (let i = 0; i < 4096; i += 1) parser.push(Buffer.alloc(1024, 'x'))
  parser.push(Buffer.from('\n\n'))
  expect(collector.found).toHaveLength(1)
  expect(collector.found[0]).toMatchObject({ data: 'x'.repeat(4096 * 1024) })
})
