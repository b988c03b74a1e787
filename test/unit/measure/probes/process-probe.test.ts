import { isDeepStrictEqual } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Reading } from '../../../../harness/measure/probes/probe.ts'
import { ProbeError } from '../../../../harness/measure/probes/probe.ts'
import type { ProcFiles } from '../../../../harness/measure/probes/proc-files.ts'
import {
  descriptorKind,
  parseStat,
  PROC_FILES,
  proportionalBytes,
  tcpStates,
  unixInodes,
} from '../../../../harness/measure/probes/proc-files.ts'
import { ProcessProbe } from '../../../../harness/measure/probes/process-probe.ts'
import { HAS_PROC, until } from '../../../support/processes.ts'
import type { NodeChild } from './node-child.ts'
import { endChild, startChild } from './node-child.ts'

const values = (readings: readonly Reading[]) => new Map(readings.map(({ name, value }) => [name, value]))

/** What has changed between two samples. */
function changes(before: readonly Reading[], after: readonly Reading[]): Record<string, number> {
  const earlier = values(before)
  const differences = after
    .filter(({ unit }) => unit === 'count')
    .map(({ name, value }): [string, number] => [name, (value ?? NaN) - (earlier.get(name) ?? 0)])
  return Object.fromEntries(differences.filter(([, difference]) => difference !== 0))
}

const refusal = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ProbeError)
  return (error as ProbeError).message
}

/** An error as the system's. */
const fault = (code: string) => Object.assign(new Error(code), { code })

/** /proc of this process, but for the files with these endings. */
function files(texts: Record<string, () => string>, list?: ProcFiles['list']): ProcFiles {
  const text = (path: string) => {
    const name = Object.keys(texts).find((ending) => path.endsWith(ending))
    return name === undefined ? PROC_FILES.text(path) : Promise.resolve().then(texts[name])
  }
  return list === undefined ? { ...PROC_FILES, text } : { ...PROC_FILES, text, list }
}

describe('the texts of /proc', () => {
  test('a name with brackets and spaces does not shift the fields of stat', () => {
    const fields = Array.from({ length: 30 }, (_, index) => `${index + 4}`).join(' ')
    expect(parseStat(`12 (a) b (c) S ${fields}\n`)).toEqual({ state: 'S', threads: 20, startTime: '22' })
  })

  test.each([
    ['socket:[12]', 'socket'],
    ['pipe:[12]', 'pipe'],
    ['anon_inode:[eventpoll]', 'eventpoll'],
    ['anon_inode:[eventfd]', 'eventfd'],
    ['anon_inode:inotify', 'inotify'],
    ['anon_inode:[io_uring]', 'io_uring'],
    ['net:[4026531992]', 'net'],
    ['/dev/null', 'file'],
    ['/tmp/socket:[12]', 'file'],
    ['/tmp/gone (deleted)', 'file'],
  ])('%s is of the kind %s', (link, kind) => {
    expect(descriptorKind(link)).toBe(kind)
  })

  test('sockets by their inode, of both tables and of both kinds', () => {
    const tcp = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1 0 100 0 0 10 0',
      '   1: 0100007F:1F90 0100007F:9C40 08 00000000:00000000 00:00000000 00000000  1000        0 112 1 0 20 4 30 10 -1',
      '  10: 0100007F:1F90 0100007F:9C41 1F 00000000:00000000 00:00000000 00000000  1000        0 113 1 0',
      '',
    ].join('\n')
    expect(tcpStates(tcp)).toEqual(
      new Map([
        ['111', 'LISTEN'],
        ['112', 'CLOSE_WAIT'],
        ['113', 'state 1F'],
      ]),
    )
    const unix = [
      'Num       RefCount Protocol Flags    Type St Inode Path',
      '0000000000000000: 00000003 00000000 00000000 0001 03 21',
      '0000000000000000: 00000002 00000000 00010000 0001 01 22 /run/a b',
      '',
    ].join('\n')
    expect(unixInodes(unix)).toEqual(new Set(['21', '22']))
  })

  test('Pss is not Pss_Dirty', () => {
    expect(proportionalBytes('Rss:  9 kB\nPss_Dirty:  5 kB\nPss:     7 kB\n')).toBe(7 * 1024)
    expect(proportionalBytes('')).toBeNull()
  })
})

describe.runIf(HAS_PROC)('a process by its pid', () => {
  let child: NodeChild
  let probe: ProcessProbe

  beforeAll(async () => {
    child = await startChild()
    probe = await ProcessProbe.open(child.pid)
  })
  afterAll(async () => {
    await probe.close()
    await endChild(child)
  })

  /** What changes when the child does something, once it is so: states of sockets take a moment. */
  async function expectChanges(code: string, expected: Record<string, number>): Promise<void> {
    const before = await probe.sample()
    await child.run(code)
    let last: Record<string, number> = {}
    const isSo = async () => {
      last = changes(before, await probe.sample())
      return isDeepStrictEqual(last, expected)
    }
    await until('the counts have changed as expected', isSo).catch(() => undefined)
    expect(last).toEqual(expected)
  }

  test('memory is a ceiling', async () => {
    const memory = (await probe.sample()).filter(({ unit }) => unit === 'bytes')
    expect(memory.map(({ name, kind }) => [name, kind])).toEqual([
      ['rss', 'ceiling'],
      ['pss', 'ceiling'],
    ])
    expect(values(memory).get('rss')).toBeGreaterThan(2 ** 20)
  })

  test('names are told once each and stay', async () => {
    const names = (await probe.sample()).map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect((await probe.sample()).map(({ name }) => name)).toEqual(names)
  })

  test('files', async () => {
    await expectChanges("for (let i = 0; i < 300; i++) held.push(require('fs').openSync('/dev/null'))", {
      descriptors: 300,
      'descriptors file': 300,
    })
    await expectChanges("for (const fd of held.splice(0)) require('fs').closeSync(fd)", {
      descriptors: -300,
      'descriptors file': -300,
    })
  })

  test('sockets: a server, connections of both families, and one that is half closed', async () => {
    await expectChanges(
      `const server = require('net').createServer({ allowHalfOpen: true }, (socket) => held.push(socket.resume()))
       held.push(server)
       await new Promise((resolve) => server.listen(0, resolve))`,
      { descriptors: 1, 'descriptors socket': 1, 'tcp LISTEN': 1 },
    )
    const connect = (host: string) =>
      `const socket = require('net').connect({ port: held[0].address().port, host: '${host}', allowHalfOpen: true })
       held.push(socket)
       await new Promise((resolve) => socket.once('connect', resolve))`
    await expectChanges(connect('127.0.0.1'), { descriptors: 2, 'descriptors socket': 2, 'tcp ESTABLISHED': 2 })
    await expectChanges('held[1].end()', { 'tcp ESTABLISHED': -2, 'tcp FIN_WAIT2': 1, 'tcp CLOSE_WAIT': 1 })
    await expectChanges('for (const one of held.splice(1)) one.destroy()', {
      descriptors: -2,
      'descriptors socket': -2,
      'tcp FIN_WAIT2': -1,
      'tcp CLOSE_WAIT': -1,
    })
    await expectChanges('held.pop().close()', { descriptors: -1, 'descriptors socket': -1, 'tcp LISTEN': -1 })
  })

  test('sockets that are not TCP', async () => {
    await expectChanges(
      `const socket = require('dgram').createSocket('udp4')
       held.push(socket)
       await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve))`,
      { descriptors: 1, 'descriptors socket': 1, 'other sockets': 1 },
    )
    await expectChanges('held.pop().close()', { descriptors: -1, 'descriptors socket': -1, 'other sockets': -1 })
    await expectChanges(
      `const server = require('net').createServer()
       held.push(server)
       await new Promise((resolve) => server.listen('\\0sse-harness-probe-' + process.pid, resolve))`,
      { descriptors: 1, 'descriptors socket': 1, 'unix sockets': 1 },
    )
    await expectChanges('held.pop().close()', { descriptors: -1, 'descriptors socket': -1, 'unix sockets': -1 })
  })

  test('threads and what they wait with', async () => {
    const before = await probe.sample()
    await child.run(
      `const worker = new (require('worker_threads').Worker)('setInterval(() => {}, 1000)', { eval: true })
       held.push(worker)
       await new Promise((resolve) => worker.once('online', resolve))`,
    )
    const change = changes(before, await probe.sample())
    expect(change['threads']).toBe(1)
    expect(change['descriptors eventpoll']).toBeGreaterThan(0)
    await child.run('await held.pop().terminate()')
    expect(changes(before, await probe.sample())['descriptors eventpoll']).toBeUndefined()
  })

  test('this process too', async () => {
    const own = await ProcessProbe.open(process.pid)
    expect(values(await own.sample()).get('descriptors')).toBe(values(await own.sample()).get('descriptors'))
  })
})

describe.runIf(HAS_PROC)('a process that cannot be probed', () => {
  test('there is none of that pid', async () => {
    // Above the highest pid that Linux can be told to give.
    expect(await refusal(ProcessProbe.open(2 ** 22 + 1))).toMatch(/^process 4194305 is not there: .*; give the pid/)
  })

  test('it ends between two samples', async () => {
    const child = await startChild()
    const probe = await ProcessProbe.open(child.pid)
    await probe.sample()
    await endChild(child)
    expect(await refusal(probe.sample())).toContain(`process ${child.pid} is not there: it has ended`)
  })

  test('it has ended, but nobody has asked how', async () => {
    const stat = (await PROC_FILES.text('/proc/self/stat')).replace(/\) [A-Z] /, ') Z ')
    expect(await refusal(ProcessProbe.open(process.pid, files({ '/stat': () => stat })))).toContain('it has ended')
  })

  test.each([
    ['before a sample', 1],
    ['in the middle of one', 2],
  ])('its pid is given to another %s', async (_, readsBefore) => {
    const stat = await PROC_FILES.text('/proc/self/stat')
    const other = stat.replace(` ${parseStat(stat).startTime} `, ' 1 ')
    let reads = 0
    const probe = await ProcessProbe.open(
      process.pid,
      files({
        '/stat': () => {
          reads += 1
          return reads > readsBefore ? other : stat
        },
      }),
    )
    expect(await refusal(probe.sample())).toMatch(/is another one than at the start.*; keep the server running/)
  })

  test('it ends in the middle of a sample', async () => {
    let isGone = false
    const stat = await PROC_FILES.text('/proc/self/stat')
    const proc = files(
      {
        '/stat': () => {
          if (isGone) throw fault('ENOENT')
          return stat
        },
      },
      () => {
        isGone = true
        return Promise.reject(fault('ESRCH'))
      },
    )
    // The file of this very process is there, so /proc is.
    const text = (path: string) => (path === '/proc/self/stat' ? Promise.resolve(stat) : proc.text(path))
    const probe = await ProcessProbe.open(process.pid, { ...proc, text })
    expect(await refusal(probe.sample())).toContain('is not there')
  })

  test('it belongs to another user', async () => {
    const probe = await ProcessProbe.open(
      process.pid,
      files({}, () => Promise.reject(fault('EACCES'))),
    )
    expect(await refusal(probe.sample())).toMatch(/may not be read \(EACCES .*another user.*; probe it as the user/)
  })

  test.skipIf(process.getuid?.() === 0)('it belongs to root', async () => {
    const probe = await ProcessProbe.open(1)
    expect(await refusal(probe.sample())).toContain('may not be read')
  })

  test('something else is wrong with it', async () => {
    const probe = await ProcessProbe.open(
      process.pid,
      files({}, () => Promise.reject(fault('EIO'))),
    )
    expect(await refusal(probe.sample())).toContain('EIO')
  })
})

test('there is no /proc', async () => {
  const none = () => Promise.reject(fault('ENOENT'))
  const open = ProcessProbe.open(1, { text: none, list: none, link: () => '' })
  expect(await refusal(open)).toMatch(/no \/proc, which only Linux has; probe a Node process by its inspector/)
})

describe.runIf(HAS_PROC)('what cannot be read is null with its reason, and never 0', () => {
  const deny = () => {
    throw fault('EACCES')
  }
  const readWithout = async (ending: string) => {
    const probe = await ProcessProbe.open(process.pid, files({ [ending]: deny }))
    return await probe.sample()
  }
  const unread = (readings: readonly Reading[]) =>
    readings
      .filter(({ value }) => value === null)
      .map(({ name, why }) => [name, why?.replace(`/${process.pid}/`, '/P/')])

  test('the share of memory', async () => {
    expect(unread(await readWithout('/smaps_rollup'))).toEqual([['pss', '/proc/P/smaps_rollup cannot be read']])
  })

  test('states of sockets', async () => {
    const why = '/proc/P/net/tcp cannot be read'
    const states = ['LISTEN', 'ESTABLISHED', 'CLOSE_WAIT', 'FIN_WAIT1', 'FIN_WAIT2']
    expect(unread(await readWithout('/net/tcp'))).toEqual([
      ...states.map((state) => [`tcp ${state}`, why]),
      ['unix sockets', why],
      ['other sockets', why],
    ])
  })

  test('no tcp6 means no IPv6', async () => {
    expect(unread(await readWithout('/net/tcp6')).filter(([name]) => name !== 'pss')).toEqual([])
  })
})
