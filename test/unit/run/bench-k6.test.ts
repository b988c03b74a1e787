import { existsSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, test } from 'vitest'

import { loadPlan } from '../../../harness/plan/load-plan.ts'
import { mirrorFault, mirrorOf } from '../../../harness/run/bench-k6.ts'

const SECOND = 1_000_000
const ENV = { TOKEN: 's3cret' }
const AMPLE = { openFiles: 1_048_576, ports: null, memory: 1e12 }
const K6 = { sse: true, path: '/bin/k6' }
const URL = 'http://127.0.0.1:8080/events?channel=bench-{stream%20}'
const planOf = (input: object = {}, target: object = {}) =>
  loadPlan({ target: { url: URL, ...target }, ...input }, ENV).plan

describe('what k6 is told', () => {
  test('is the steady load, measured over the same time', () => {
    const load = { connections: 500, ramp: '2s', warmUp: '1500ms', duration: '101s' }
    const mirror = mirrorOf(planOf({ load }), ENV)
    expect(mirror.env).toMatchObject({
      // The placeholders are the script's to fill in.
      SSE_URL: URL,
      SSE_CONNECTIONS: '500',
      SSE_RAMP: '2000ms',
      SSE_DURATION: '102700ms',
      SSE_MAX_OPEN: '40000ms',
    })
    expect(mirror).toMatchObject({ measure: { after: 3.5 * SECOND, length: 101 * SECOND }, users: 500, args: [] })
    expect(mirror.limit).toBe((104.5 + 150) * SECOND)
    expect(mirror.length).toBeGreaterThan(104.7 * SECOND)
  })

  test('are the request and the ways of its streams', () => {
    const target = {
      url: `${URL}&token=\${TOKEN}`,
      method: 'POST',
      headers: { authorization: 'Bearer ${TOKEN}' },
      body: '{"t":"${TOKEN}"}',
    }
    const input = {
      load: { reconnect: 'always', backoff: { initial: '2s' }, idleTimeout: '7s', maxEvents: 5, until: 'data=x' },
      stamp: 'json:$.t:ms',
      sequence: 'id',
    }
    const { env } = mirrorOf(planOf(input, target), ENV)
    expect(env['SSE_URL']).toBe(`${URL}&token=s3cret`)
    expect(JSON.parse(env['SSE_PARAMS'] ?? '')).toEqual({
      method: 'POST',
      headers: { authorization: 'Bearer s3cret' },
      body: '{"t":"s3cret"}',
      stamp: 'json:$.t:ms',
      sequence: 'id',
      reconnect: 'always',
      backoff: { initial: '2s', max: '30s', factor: 2, jitter: 'full' },
      connectTimeout: '10s',
      headersTimeout: '30s',
      idleTimeout: '7s',
      maxEvents: 5,
      until: 'data=x',
    })
  })

  test('is nothing that the plan leaves open', () => {
    const params = JSON.parse(mirrorOf(planOf(), ENV).env['SSE_PARAMS'] ?? '') as object
    expect(Object.keys(params)).toEqual(['method', 'headers', 'reconnect', 'connectTimeout', 'headersTimeout'])
  })

  test('has durations that the script can read, whatever the unit of the plan', () => {
    const { env } = mirrorOf(planOf({ load: { ramp: '0s', warmUp: '1us', duration: '1s' } }), ENV)
    expect([env['SSE_RAMP'], env['SSE_DURATION']]).toEqual(['1ms', '1201ms'])
  })

  test('that certificates need not be right', () => {
    expect(mirrorOf(planOf({}, { insecure: true }), ENV).args).toEqual(['--insecure-skip-tls-verify'])
  })

  test('by a script that is there', () => {
    const root = path.resolve(import.meta.dirname, '../../..')
    const { shownScript } = mirrorOf(planOf(), ENV)
    expect(existsSync(path.join(root, shownScript))).toBe(true)
  })
})

describe('what k6 cannot do', () => {
  test('is nothing about a steady load, on however many workers', () => {
    expect(mirrorFault(planOf({ workers: 4 }), K6, AMPLE)).toBeNull()
  })

  test.each<[string, object, object]>([
    ['arrival rate', { load: { arrivalRate: '5/s', streamDuration: '3s' } }, {}],
    ['profile steady', { mix: { steady: 90, 'slow-reader': 10 } }, {}],
    ['certificate authority', {}, { ca: '/a.pem' }],
  ])('says why: %s', (why, input, target) => {
    expect(mirrorFault(planOf(input, target), K6, AMPLE)).toContain(why)
  })

  test('is a stream without the module', () => {
    expect(mirrorFault(planOf(), { ...K6, sse: false }, AMPLE)).toMatch(/^\/bin\/k6 has no module k6\/x\/sse/)
  })

  test('is more streams than it has memory for', () => {
    const plan = planOf({ load: { connections: 10_000 } })
    expect(mirrorFault(plan, K6, { ...AMPLE, memory: 2 ** 30 })).toMatch(/^k6: 10,000 streams need about/)
  })
})
