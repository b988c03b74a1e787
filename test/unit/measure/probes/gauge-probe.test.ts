import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { GaugeSpec } from '../../../../harness/measure/probes/gauge-probe.ts'
import { GaugeProbe, parseGauge } from '../../../../harness/measure/probes/gauge-probe.ts'
import { ProbeError } from '../../../../harness/measure/probes/probe.ts'
import { parseSeries, sumOf } from '../../../../harness/measure/probes/prometheus.ts'
import { until } from '../../../support/processes.ts'

const SHORT_MS = 300

function spec(text: string): GaugeSpec {
  const parsed = parseGauge(text)
  if ('fault' in parsed) throw new Error(parsed.fault)
  return parsed
}

describe('a gauge as written', () => {
  test('a URL and where the number stands', () => {
    const json = spec('http://host:8080/stats?a=b json:$.clients')
    expect([json.url.href, json.selector]).toEqual(['http://host:8080/stats?a=b', 'json:$.clients'])
    expect(json.where).toEqual({ source: 'json', path: ['clients'] })
    const prom = spec('  https://host/metrics   prom:clients{kind="sse", zone="a b"} ')
    expect(prom.where).toEqual({
      source: 'prom',
      metric: 'clients',
      labels: new Map([
        ['kind', 'sse'],
        ['zone', 'a b'],
      ]),
    })
  })

  test.each([
    ['', 'no number to look for'],
    ['http://user:secret@host/?key=secret', 'no number to look for'],
    ['secret json:$.a', 'the URL of the gauge json:$.a is not valid'],
    ['host:80/secret json:$.a', 'is not valid'],
    ['ftp://host/secret json:$.a', 'is not valid'],
    ['http://secret:port/ json:$.a', 'is not valid'],
    ['http://secret/ clients', '"clients" says not where to look; write json:$.path or prom:name'],
    ['http://secret/ id', 'says not where to look'],
    ['http://secret/ regex:(.*)', 'says not where to look'],
    ['http://secret/ json:clients', 'has no JSON path; write json:$.name'],
    ['http://secret/ prom:', 'names no metric'],
    ['http://secret/ prom:9a', 'names no metric'],
    ['http://secret/ prom:a{b=1}', 'names no metric'],
    ['http://secret/ prom:a{b=~"c"}', 'names no metric'],
    ['http://secret/ prom:a{b="c"', 'names no metric'],
    ['http://secret/ prom:a{b="c"} 5', 'names no metric'],
  ])('"%s" is refused, and the URL is not shown', (text, fault) => {
    const parsed = parseGauge(text)
    expect(parsed).toHaveProperty('fault')
    expect('fault' in parsed && parsed.fault).toContain(fault)
    expect('fault' in parsed && parsed.fault).not.toContain('secret')
  })
})

describe('Prometheus text', () => {
  const TEXT = `# HELP clients How many "clients{" there are
# TYPE clients gauge
clients{kind="sse",zone="a"} 3
clients{ kind = "sse" , zone = "b", } 4.5 1395066363000
clients{kind="ws",zone="a"}	2e1
clients_total 1000
clients:rate 1000
other{clients="5"} 1000

plain 7
negative -3
escaped{path="C:\\\\a\\"b\\nc,}{"} 11
exemplar_total{a="1"} 17 # {trace_id="9"} 0.67 1520879607.789
huge 1e400
nan NaN
inf +Inf
hex 0x10
word many
bare
broken{a="1" 5
broken_other{a="1" 5
twice 1
twice 2\r
# EOF
`
  test.each([
    ['clients', 27.5],
    ['clients{kind="sse"}', 7.5],
    ['clients{zone="a"}', 23],
    ['clients{kind="sse",zone="b"}', 4.5],
    ['clients{kind="sse",missing=""}', 7.5],
    ['plain', 7],
    ['plain{}', 7],
    ['negative', -3],
    ['clients_total', 1000],
    ['clients:rate', 1000],
    [String.raw`escaped{path="C:\\a\"b\nc,}{"}`, 11],
    ['exemplar_total', 17],
    ['twice', 3],
  ])('%s is %d', (selector, value) => {
    expect(sumOf(TEXT, parseSeries(selector) ?? { metric: '', labels: new Map() })).toBe(value)
  })

  test.each([
    ['missing', 'no sample matches'],
    ['clients{kind="x"}', 'no sample matches'],
    ['client', 'no sample matches'],
    ['HELP', 'no sample matches'],
    ['nan', 'is not a finite number'],
    ['inf', 'is not a finite number'],
    ['huge', 'is not a finite number'],
    ['hex', 'is not a finite number'],
    ['word', 'is not a finite number'],
    ['bare', 'is not a finite number'],
    ['broken', 'line 20 cannot be read'],
  ])('%s: %s', (selector, why) => {
    expect(sumOf(TEXT, parseSeries(selector) ?? { metric: '', labels: new Map() })).toContain(why)
  })

  const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,3}$/)
  const escape = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  const written = (labels: Readonly<Record<string, string>>) =>
    `{${Object.entries(labels)
      .map(([label, value]) => `${label}="${escape(value)}"`)
      .join(',')}}`
  // A line ends at \n and nowhere else, but spaces at its ends are passed over.
  const labels = fc.dictionary(
    name,
    fc.string({ unit: fc.constantFrom('"', '\\', 'n', '\n', '{', '}', ',', '=', ' ', '#', 'é') }),
    {
      noNullPrototype: true,
    },
  )

  test('whatever labels hold, they are found again, and each sample counts once', () => {
    fc.assert(
      fc.property(name, fc.array(fc.tuple(labels, fc.integer()), { minLength: 1 }), (metric, samples) => {
        const text = samples.map(([all, value]) => `${metric}${written(all)} ${value}\n`).join('')
        const wanted = samples[0]?.[0] ?? {}
        const matching = samples.filter(([all]) =>
          Object.entries(wanted).every(([label, value]) => (all[label] ?? '') === value),
        )
        const series = parseSeries(`${metric}${written(wanted)}`)
        expect(series?.labels).toEqual(new Map(Object.entries(wanted)))
        expect(sumOf(text, series ?? { metric: '', labels: new Map() })).toBe(
          matching.reduce((sum, [, value]) => sum + value, 0),
        )
      }),
    )
  })
})

describe('a number at a URL', () => {
  let answer: (request: IncomingMessage, response: ServerResponse) => void
  const server = createServer((request, response) => answer(request, response))
  let origin = ''
  beforeAll(async () => {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    origin = `127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  beforeEach(() => {
    answer = (_, response) => response.end('{}')
  })

  const gauge = (selector: string, address = `http://${origin}/`, timeoutMs?: number) =>
    new GaugeProbe(spec(`${address} ${selector}`), 'LABEL', timeoutMs)
  const says = (body: string, status = 200) => {
    answer = (_, response) => response.writeHead(status).end(body)
  }
  const refusal = async (probe: GaugeProbe): Promise<string> => {
    const error = await probe.sample().then(
      () => null,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(ProbeError)
    const { message } = error as ProbeError
    expect(message).toContain('the gauge LABEL ')
    expect(message).not.toContain('secret')
    return message
  }

  test.each([
    ['{"clients":5}', 5],
    ['{"clients":"5"}', 5],
    [' {"a":[{"clients":1}],"clients" : -2.5e1 }', -25],
    ['{"clients":0}', 0],
  ])('%s', async (body, value) => {
    says(body)
    expect(await gauge('json:$.clients').sample()).toEqual([{ name: 'LABEL', unit: 'count', kind: 'gauge', value }])
  })

  test('as Prometheus text', async () => {
    says('clients{a="1"} 2\nclients{a="2"} 3\n')
    expect((await gauge('prom:clients').sample())[0]?.value).toBe(5)
  })

  test.each([
    ['json:$.clients', '{}', 'nothing is there'],
    ['json:$.clients', '', 'nothing is there'],
    ['json:$.clients', '{"clients":null}', 'something else is there'],
    ['json:$.clients', '{"clients":"secret"}', 'something else is there'],
    ['json:$.clients', '{"clients":[5]}', 'something else is there'],
    ['json:$.clients', '{"clients":05}', 'something else is there'],
    ['json:$.clients', '{"clients":1e999}', 'something else is there'],
    ['prom:clients', '<html>', 'no sample matches'],
    ['prom:clients', 'clients NaN', 'not a finite number'],
    ['prom:clients', 'clients 1e999', 'not a finite number'],
  ])('%s in %s is null: %s', async (selector, body, why) => {
    says(body)
    const [reading] = await gauge(selector).sample()
    expect(reading?.value).toBeNull()
    expect(reading?.why).toContain(`no number for ${selector}: `)
    expect(reading?.why).toContain(why)
    expect(reading?.why).not.toContain('secret')
  })

  test('the whole URL is used, its user is told in a header, and the kind of answer is asked for', async () => {
    let seen: IncomingMessage | null = null
    answer = (request, response) => {
      seen = request
      response.end('{"a":1}')
    }
    await gauge('json:$.a', `http://us%40er:pa%ss@${origin}/b/c?d=e`).sample()
    const { url, method, headers } = seen as unknown as IncomingMessage
    expect([method, url, headers.accept]).toEqual(['GET', '/b/c?d=e', 'application/json'])
    expect(Buffer.from(headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString()).toBe('us@er:pa%ss')
    await gauge('prom:a').sample()
    const second = seen as unknown as IncomingMessage
    expect([second.headers.accept, second.headers.authorization]).toEqual(['text/plain;version=0.0.4', undefined])
  })

  test('each sample has a connection of its own, and none stays behind at the server', async () => {
    const ports = new Set<number | undefined>()
    const wishes: (string | undefined)[] = []
    answer = ({ socket, headers }, response) => {
      ports.add(socket.remotePort)
      wishes.push(headers.connection)
      response.end('{"a":1}')
    }
    const probe = gauge('json:$.a')
    await probe.sample()
    await probe.sample()
    expect([ports.size, wishes]).toEqual([2, ['close', 'close']])
    const open = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
    expect(await until('no connection is open', async () => (await open()) === 0)).toBe(true)
  })

  test.each([404, 302, 204, 500])('status %d', async (status) => {
    says(status === 204 ? '' : '{"a":1}', status)
    expect(await refusal(gauge('json:$.a', `http://u:secret@${origin}/secret?k=secret`))).toContain(
      `answers with status ${status} and not 200`,
    )
  })

  test('no answer', async () => {
    answer = () => undefined
    expect(await refusal(gauge('json:$.a', undefined, SHORT_MS))).toContain('has not answered within 0.3 s')
    answer = (_, response) => response.write('{"a":')
    expect(await refusal(gauge('json:$.a', undefined, SHORT_MS))).toContain('has not answered within 0.3 s')
  })

  test('an answer that breaks off, and one without end', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{"a":1}')
      setTimeout(() => response.destroy(), 20)
    }
    expect(await refusal(gauge('json:$.a', `http://u:secret@${origin}/secret`))).toContain('cannot be asked')
    const mebibyte = Buffer.alloc(2 ** 20, ' ')
    answer = (_, response) => {
      for (let i = 0; i < 18; i += 1) response.write(mebibyte)
    }
    const probe = gauge('json:$.a')
    expect(await refusal(probe)).toContain('answers with more than 16 MiB')
  })

  test('nothing listens', async () => {
    const closed = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => closed.once('listening', resolve))
    const { port } = closed.address() as AddressInfo
    await new Promise((resolve) => closed.close(resolve))
    expect(await refusal(gauge('json:$.a', `http://u:secret@127.0.0.1:${port}/secret`))).toContain(
      'cannot be asked (ECONNREFUSED)',
    )
  })

  test('closing ends a question on its way', async () => {
    answer = () => undefined
    const probe = gauge('json:$.a')
    const sample = refusal(probe)
    await probe.close()
    expect(await sample).toContain('cannot be asked')
    await gauge('json:$.a').close()
  })
})
