import { readFileSync } from 'node:fs'
import path from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { CommandLine } from '../support/cli.ts'
import { requirement } from '../support/require.ts'
import { runProcess } from '../support/run-process.ts'
import { beginStream, SseServer, tick } from '../support/sse-server.ts'

const hasOpenssl = await runProcess('openssl', ['version']).then(
  () => true,
  () => false,
)
const available = requirement('openssl', hasOpenssl, 'install openssl')

describe.skipIf(!available)('a server with a certificate that nobody has signed', () => {
  const cli = new CommandLine()
  const certificate = path.join(cli.folder(), 'server.pem')
  let server: SseServer
  const size = ['--connections', '3', '--ramp', '100ms', '--warm-up', '0s', '--duration', '500ms', '--settle', '0s']
  const load = (host: string, ...flags: string[]) => {
    const accepted = ['--sequence', 'id', '--accept-inconclusive', 'reconciled']
    return cli.run(['load', '--url', `https://${host}:${server.port}/events`, ...size, ...accepted, ...flags])
  }

  beforeAll(async () => {
    const key = path.join(path.dirname(certificate), 'server.key')
    const made = await runProcess('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-keyout', key, '-out', certificate, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
    ])
    if (made.code !== 0) throw new Error(made.stderr)
    const answer = (response: Parameters<typeof beginStream>[0]) => {
      beginStream(response)
      tick(response, { everyMs: 50 })
    }
    server = new SseServer(
      { '/events': answer },
      { key: readFileSync(key, 'utf8'), cert: readFileSync(certificate, 'utf8') },
    )
    await server.listen()
  })
  afterAll(async () => {
    await cli.close()
    await server.close()
  })

  it('is not trusted, and the reason is told', async () => {
    const result = await load('localhost')
    expect(result).toMatchObject({ code: 4, answer: { status: 'error' }, record: { failures: { tls: 3 } } })
    expect(server.seen).toEqual([])
  })

  it('is trusted when it is named with --ca', async () => {
    const result = await load('localhost', '--ca', certificate)
    expect(result).toMatchObject({ code: 0, record: { failures: {}, ends: { stopped: 3 } } })
    expect(result.record?.ledger?.received).toBeGreaterThan(0)
  })

  it('is not trusted under another name', async () => {
    const result = await load('127.0.0.1', '--ca', certificate)
    expect(result).toMatchObject({ code: 4, record: { failures: { tls: 3 } } })
  })

  it('is taken as it is with --insecure', async () => {
    const result = await load('127.0.0.1', '--insecure')
    expect(result).toMatchObject({ code: 0, record: { failures: {}, plan: { target: { insecure: true } } } })
  })
})
