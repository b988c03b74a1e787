import { describe, expect, it } from 'vitest'

import { parseDuration, US_PER_MS } from '../../../harness/model/units.ts'
import { params } from '../../../k6-scripts/lib/params.ts'
import type { Reader } from '../../../k6-scripts/lib/settings.ts'
import { address, count, duration, optionalDuration, settingsFrom, share } from '../../../k6-scripts/lib/settings.ts'

const read = <T>(reader: Reader<T>, value?: string): T => reader(value === undefined ? {} : { NAME: value })

describe('settings of a k6 script', () => {
  it('come from the environment, or from their defaults', () => {
    const readers = { streams: count('SSE_CONNECTIONS', 50), rampMs: duration('SSE_RAMP', '5s') }
    expect(settingsFrom({}, readers)).toEqual({ streams: 50, rampMs: 5000 })
    expect(settingsFrom({ SSE_CONNECTIONS: '7', SSE_RAMP: '250ms', OTHER: 'x' }, readers)).toEqual({
      streams: 7,
      rampMs: 250,
    })
  })

  it('are refused all at once, each fault with its variable and its value', () => {
    const readers = {
      url: address('SSE_URL', ''),
      streams: count('SSE_CONNECTIONS', 1),
      ms: duration('SSE_RAMP', '1s'),
    }
    expect(() => settingsFrom({ SSE_URL: 'ftp://a', SSE_CONNECTIONS: 'many', SSE_RAMP: '3s' }, readers)).toThrow(
      /^Settings:\n {2}SSE_URL=ftp:\/\/a is .*\n {2}SSE_CONNECTIONS=many is .*1 on$/,
    )
  })

  it.each(['', '  '])('take %j for unset, as k6 has it from -e NAME=$UNSET', (unset) => {
    expect(read(count('NAME', 3), unset)).toBe(3)
    expect(read(share('NAME', 0.5), unset)).toBe(0.5)
    expect(read(duration('NAME', '2s'), unset)).toBe(2000)
    expect(read(optionalDuration('NAME'), unset)).toBeNull()
    expect(read(address('NAME', 'http://a/'), unset)).toBe('http://a/')
    expect(read(params('NAME'), unset)).toEqual({})
  })
})

describe('count', () => {
  it.each(['0', '-1', '1.5', '1e3', '0x10', '5 5', '9007199254740993'])('refuses %s', (value) => {
    expect(() => read(count('NAME', 1), value)).toThrow(`NAME=${value} is no whole number from 1 on`)
  })

  it('has a least value of its own', () => {
    expect(read(count('NAME', 5, 2), '2')).toBe(2)
    expect(() => read(count('NAME', 5, 2), '1')).toThrow('NAME=1 is no whole number from 2 on')
  })
})

describe('share', () => {
  it('is 0 to 1', () => {
    expect([read(share('NAME', 0.1), '0'), read(share('NAME', 0.1), '0.25'), read(share('NAME', 0.1), '1')]).toEqual([
      0, 0.25, 1,
    ])
  })

  it.each(['20%', '1.1', '-0.1', 'half'])('refuses %s', (value) => {
    expect(() => read(share('NAME', 0.1), value)).toThrow(`NAME=${value} is no share`)
  })
})

describe('duration', () => {
  it.each(['250ms', '5s', '1.5m', '1m30s', '2h', '1h2m3s4ms', '0s'])('reads %s as the harness does', (value) => {
    expect(read(duration('NAME', '1s'), value)).toBe((parseDuration(value) ?? NaN) / US_PER_MS)
    expect(read(optionalDuration('NAME'), value)).toBe((parseDuration(value) ?? NaN) / US_PER_MS)
  })

  it.each(['5', '5 s', 's', '-1s', '1s later', 'soon'])('refuses %s', (value) => {
    expect(() => read(duration('NAME', '1s'), value)).toThrow(`NAME=${value} is no duration`)
    expect(() => read(optionalDuration('NAME'), value)).toThrow(`NAME=${value} is no duration`)
  })
})

describe('address', () => {
  it.each(['http://127.0.0.1:8080/events', 'https://a/{stream}?c={stream%4}'])('takes %s', (value) => {
    expect(read(address('NAME', ''), value)).toBe(value)
  })

  it.each(['127.0.0.1:8080', 'file:///etc', 'http://', 'http:///events'])('refuses %s', (value) => {
    expect(() => read(address('NAME', ''), value)).toThrow(`NAME=${value} is no http:// or https:// address`)
  })

  it('refuses a number modulo 0', () => {
    expect(() => read(address('NAME', ''), 'http://a/{stream%00}')).toThrow('divide by nothing')
  })
})

describe('params', () => {
  it('is a JSON object', () => {
    const value = '{"method":"POST","headers":{"x-user":"7"},"body":"{}","reconnect":"always"}'
    expect(read(params('NAME'), value)).toEqual(JSON.parse(value))
  })

  it.each(['{', '[]', 'null', '7', '"text"'])('refuses %s', (value) => {
    expect(() => read(params('NAME'), value)).toThrow(`NAME=${value} is no JSON object`)
  })

  it('leaves start and end of a stream to the script', () => {
    expect(() => read(params('NAME'), '{"timeout":"5s","dueAt":1,"method":"GET"}')).toThrow('has timeout and dueAt,')
  })
})
