#!/usr/bin/env node
import { fstatSync } from 'node:fs'
import type { AddressInfo } from 'node:net'

import { createApp, type App } from './app.ts'
import { systemClock } from './clock.ts'
import { parseOptions, usage, type ServerOptions } from './options.ts'

const EXIT_DRAINED = 0
/** Also the code for streams that were still open at the deadline of the shutdown. */
const EXIT_FAILED = 1
const EXIT_USAGE = 2
/** Connections that may wait to be accepted: a test opens thousands at once. */
const BACKLOG = 8192

const say = (text: string): void => void process.stderr.write(`${text}\n`)

function listenSentence(error: NodeJS.ErrnoException, { host, port }: ServerOptions): string {
  const where = `${host}:${port}`
  if (error.code === 'EADDRINUSE') return `${where} is already in use; end what listens there, or give --port 0.`
  if (error.code === 'EACCES') return `No right to listen on ${where}; give a --port above 1023.`
  return `Cannot listen on ${where} (${error.message}); give a --host that is an address of this machine.`
}

/** Whoever started this holds the other end of the pipe; when that goes, nobody is left to end this process. */
function endWithParent(end: () => void): void {
  const stdin = fstatSync(0)
  if (!stdin.isFIFO() && !stdin.isSocket()) return
  process.stdin.on('end', end).on('error', end).resume()
}

/** The process must not end before the pipe has taken the line: what is still to be written would be lost. */
async function printBooks(app: App, drained: boolean): Promise<void> {
  const line = JSON.stringify({ event: 'stopped', drained, stats: await app.lastBooks() })
  await new Promise((resolve) => process.stdout.write(`${line}\n`, resolve))
}

function endOnSignals(app: App, options: ServerOptions): void {
  let isEnding = false
  const end = (why: string): void => {
    if (isEnding) process.exit(EXIT_FAILED)
    isEnding = true
    say(`${why}: shutting down within ${options.grace} ms`)
    void app.shutDown(options.grace).then(async (isDrained) => {
      if (!isDrained) say('some streams did not take everything by the deadline')
      if (options['exit-books']) await printBooks(app, isDrained)
      process.exit(isDrained ? EXIT_DRAINED : EXIT_FAILED)
    })
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  if (options['exit-with-parent']) endWithParent(() => isEnding || end('stdin is closed'))
}

function start(options: ServerOptions): void {
  const app = createApp(options, systemClock())
  // What reads our output may be gone before us; that is no reason to leave streams without their goodbye.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  if (options.leak !== null) say(`--leak ${options.leak}: this server leaks on purpose, so that it is found out`)
  const refuseToStart = (error: Error): void => {
    say(`error: ${listenSentence(error, options)}`)
    process.exit(EXIT_USAGE)
  }
  app.server.once('error', refuseToStart)
  app.server.listen({ port: options.port, host: options.host, backlog: BACKLOG }, () => {
    app.server.off('error', refuseToStart).on('error', (error) => say(`error: ${error.message}`))
    endOnSignals(app, options)
    const { address, family, port } = app.server.address() as AddressInfo
    const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
    process.stdout.write(
      `${JSON.stringify({ event: 'listening', url, port, pid: process.pid, instance: app.instance })}\n`,
    )
  })
}

const parsed = parseOptions(process.argv.slice(2))
if ('faults' in parsed) {
  for (const fault of parsed.faults) say(`error: ${fault}`)
  process.exitCode = EXIT_USAGE
} else if (parsed.options.help) process.stdout.write(usage())
else start(parsed.options)
