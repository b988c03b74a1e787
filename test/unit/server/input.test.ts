import { describe, expect, it } from 'vitest'

import { parseControl } from '../../../server/control.ts'
import { parseOptions } from '../../../server/options.ts'
import { parseEvents, parseLastEventId } from '../../../server/query.ts'

const faultsOf = (result: object): string[] => ('faults' in result ? (result.faults as string[]) : [])
const defaults = { rate: 10, sizeBytes: 128, retryMs: 1000 }
const query = (text: string): object => parseEvents(new URLSearchParams(text), defaults)

describe('options', () => {
  it('have defaults', () => {
    const parsed = parseOptions([])
    expect(parsed).toMatchObject({
      options: { port: 0, host: '127.0.0.1', heartbeat: 15_000, 'queue-bytes': 1_048_576 },
    })
  })

  it('take units', () => {
    const parsed = parseOptions(['--grace', '2m', '--retry=250ms', '--queue-bytes', '64KiB', '--rate', '0.1'])
    expect(parsed).toMatchObject({ options: { grace: 120_000, retry: 250, 'queue-bytes': 65_536, rate: 0.1 } })
  })

  it('report every fault with its option', () => {
    const args = ['--port', '99999', '--grace', '5', '--slow-policy', 'hope', '--nope', '--rate', '1', '--rate', '2']
    const faults = faultsOf(parseOptions([...args, 'stray', '--help=1', '--host']))
    expect(faults).toHaveLength(8)
    const parts = ['--port', '--grace', '--slow-policy', '--nope', '--rate', 'stray', '--help', '--host']
    for (const part of parts) expect(faults.some((fault) => fault.includes(part))).toBe(true)
  })

  it.each(['constructor', '__proto__', 'toString'])('do not take %s for an option', (name) => {
    expect(faultsOf(parseOptions([`--${name}`, 'x'])).length).toBeGreaterThan(0)
  })
})

describe('the query of /events', () => {
  it('makes the key of the channel from its three parts', () => {
    expect(query('channel=a&rate=0.50&size=1KiB&count=3&retry=5')).toMatchObject({
      channel: { key: 'a/0.5/1024', channel: 'a', rate: 0.5, sizeBytes: 1024 },
      count: 3,
      retryMs: 5,
    })
    expect(query('')).toMatchObject({ channel: { key: 'default/10/128' }, count: Infinity, retryMs: 1000 })
  })

  it.each([
    ['rate=-1'],
    ['rate=1e3'],
    ['rate=NaN'],
    ['rate=100001'],
    ['rate=0.0001'],
    ['size=-1'],
    ['size=2MiB'],
    ['size=1.5.2'],
    ['count=0'],
    ['count=1.5'],
    ['retry=x'],
    ['channel='],
    ['channel=a%0d%0ab'],
    ['channel=a/b'],
    ['unknown=1'],
    ['rate=1&rate=2'],
    ['__proto__=1'],
  ])('refuses %s', (text) => {
    expect(faultsOf(query(text))).toHaveLength(1)
  })

  it('lists everything that is wrong', () => {
    expect(faultsOf(query('rate=x&size=y&count=z&foo=1'))).toHaveLength(4)
  })
})

describe('Last-Event-ID', () => {
  it.each([
    ['0', 0],
    ['17', 17],
    ['-1', null],
    ['1.5', null],
    ['1, 2', null],
    ['9999999999999999', null],
    ['abc', null],
  ])('%s is %s', (text, number) => {
    expect(parseLastEventId(text)).toBe(number)
  })
})

describe('/control', () => {
  it.each([
    [{ action: 'pause' }, { action: 'pause' }],
    [{ action: 'drop' }, { action: 'drop', share: 1, mode: 'reset' }],
    [
      { action: 'delay', ms: 5 },
      { action: 'delay', ms: 5, forMs: null },
    ],
    [
      { action: 'fail', status: 503, retryAfter: 2 },
      { action: 'fail', status: 503, forMs: null, retryAfter: 2 },
    ],
  ])('takes %j', (body, action) => {
    expect(parseControl(JSON.stringify(body))).toEqual(action)
  })

  it.each([
    ['{', 1],
    ['null', 1],
    ['[]', 1],
    ['{}', 1],
    ['{"action":"constructor"}', 1],
    ['{"action":"pause","share":1}', 1],
    ['{"action":"delay"}', 1],
    ['{"action":"delay","ms":"5","forMs":0}', 2],
    ['{"action":"fail","status":200,"forMs":-1,"retryAfter":1.5,"x":1}', 4],
    ['{"action":"drop","share":1.1,"mode":"soft"}', 2],
    ['{"action":"drop","share":null}', 1],
  ])('refuses %s', (text, faults) => {
    expect(faultsOf(parseControl(text))).toHaveLength(faults)
  })
})
