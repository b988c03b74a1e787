import { existsSync } from 'node:fs'

import { afterAll, beforeAll, expect, describe, it } from 'vitest'

import { CommandLine } from '../support/cli.ts'
import { HAS_PROC, until } from '../support/processes.ts'
import { requirement } from '../support/require.ts'
import { beginStream, SseServer, tick } from '../support/sse-server.ts'

const SCRIPT = '/usr/bin/script'
const available = requirement('script', HAS_PROC && existsSync(SCRIPT), 'it is part of util-linux')

/** What a person sees: `script` gives the command a terminal, in which stdout and stderr come together. */
describe.skipIf(!available)('load in a terminal', () => {
  const cli = new CommandLine()
  const server = new SseServer({
    '/events': (response) => {
      beginStream(response)
      tick(response, { everyMs: 20 })
    },
  })
  beforeAll(() => server.listen())
  afterAll(async () => {
    await cli.close()
    await server.close()
  })

  /** The words of `script` are one argument: the command that it hands to a shell. */
  const start = (...flags: string[]) => {
    const size = ['--connections', '5', '--ramp', '200ms', '--warm-up', '200ms', '--settle', '0s']
    const run = cli.start(['load', '--url', server.url('/events'), ...size, ...flags], {
      launcher: ['sh', '-c', 'exec script -qec "stty cols 100; exec $*" /dev/null', 'sh'],
    })
    return run
  }

  it('shows one line that is redrawn, and clears it before the summary', async () => {
    const { stdout } = await start('--duration', '2500ms', '--accept-inconclusive', 'reconciled').finished
    const before = stdout.slice(0, stdout.indexOf('Verdicts'))
    // Behind the last one begins the summary.
    const lines = before.split('\r\n').join('\n').split('\r').slice(0, -1)
    const shown = lines.map((line) => line.trimEnd())
    expect(shown.find((line) => line.startsWith('measure'))).toMatch(
      /^measure · 5\/5 streams open · \d+ events\/s · \d+ s left$/,
    )
    expect(Math.max(...shown.map((line) => line.length))).toBeLessThan(100)
    // Overwritten with blanks, and nothing but the summary is on a line of its own.
    expect(lines.at(-1)).toMatch(/^ +$/)
    expect(lines.join('\r')).not.toContain('\n')
  })

  it('is silent with --quiet', async () => {
    const { stdout } = await start('--duration', '1s', '--quiet').finished
    expect(stdout.trim().split('\n')).toHaveLength(1)
    expect(stdout).not.toContain('streams open')
  })

  it('answers Ctrl-C at once', async () => {
    const before = server.seen.length
    const run = start('--duration', '5m')
    await until('streams', () => server.seen.length >= before + 5)
    const pid = await until('the coordinator', () => run.children()[0])
    process.kill(pid, 'SIGINT')
    const { stdout } = await run.finished
    expect(stdout).toContain('stopping and writing the record · Ctrl-C again ends at once')
    expect(stdout).toContain('Exit code  3')
  })
})
