import pc from 'picocolors'
import type { CommandModule } from 'yargs'

import type { StreamSettings, VirtualUser } from '../client/settings.ts'
import { EventStream } from '../client/stream.ts'
import { SystemClock } from '../measure/clock.ts'
import { EXIT } from '../model/exit-codes.ts'
import { redactUrl } from '../plan/secrets.ts'
import { NdjsonWatcher } from './stream-ndjson.ts'
import type { StreamFlags } from './stream-options.ts'
import { streamFromFlags, streamOptions } from './stream-options.ts'
import { StreamOutput } from './stream-output.ts'
import { ReadableWatcher } from './stream-view.ts'
import { StreamWatcher } from './stream-watcher.ts'
import { answer, colorWanted } from './terminal.ts'

export const streamCommand: CommandModule<object, StreamFlags> = {
  command: 'stream <url>',
  describe: 'One stream with everything visible, like curl -N for Server-Sent Events',
  builder: (yargs) =>
    streamOptions(yargs)
      .example('$0 stream http://127.0.0.1:8080/events', 'headers, events, gaps, reconnects')
      .example('$0 stream URL --ndjson --max-events 10 | jq -r .data', 'events for a script')
      .example(
        `$0 stream URL --body '{"stream":true}' --header 'content-type: application/json' --until 'data=[DONE]'`,
        'a token stream',
      ),
  handler: async (flags) => {
    process.exitCode = await stream(flags)
  },
}

async function stream(flags: StreamFlags): Promise<number> {
  const { settings, user } = streamFromFlags(flags, new SystemClock())
  const json = flags['json'] === true
  const ndjson = flags['ndjson'] === true
  const output = new StreamOutput(json && !ndjson ? process.stderr : process.stdout)
  const watcher = watcherFor(flags, output, settings, user)
  const aborted = await watch(new EventStream(settings, user, watcher), watcher, settings, output)
  output.flush()
  const exitCode = aborted ? EXIT.aborted : watcher.exitCode()
  const why = watcher.streams === 0 ? 'no event stream' : 'the stream was lost'
  const error = exitCode === EXIT.pass || aborted ? null : `${redactUrl(user.url)}: ${why}: ${watcher.trouble}`
  if (error !== null && flags['quiet'] !== true) process.stderr.write(`sse-harness: ${error}\n`)
  const status = aborted ? 'aborted' : error === null ? 'pass' : exitCode === EXIT.failed ? 'fail' : 'error'
  answer({ json, quiet: false }, { status, exitCode, events: watcher.events, ...(error === null ? {} : { error }) })
  return exitCode
}

function watcherFor(flags: StreamFlags, output: StreamOutput, settings: StreamSettings, user: VirtualUser) {
  if (flags['ndjson'] === true) return new NdjsonWatcher(output)
  if (flags['quiet'] === true) return new StreamWatcher()
  const colors = colorWanted({ json: flags['json'] === true, color: flags['color'] !== false })
  return new ReadableWatcher(output, pc.createColors(colors), settings.request, user.url)
}

/** Until the stream is over; true when a signal ended it. */
async function watch(
  client: EventStream,
  watcher: StreamWatcher,
  settings: StreamSettings,
  output: StreamOutput,
): Promise<boolean> {
  let aborted = false
  const abort = (): void => {
    aborted = true
    client.stop()
  }
  // Once: a second Ctrl-C ends the process as it would any other.
  process.once('SIGINT', abort)
  process.once('SIGTERM', abort)
  output.attach(client, () => client.stop())
  if (settings.reconnect === 'auto') watcher.giveUp = () => client.stop()
  await new Promise<void>((resolve) => {
    watcher.onFinished = resolve
    client.start(settings.clock.now())
  })
  process.off('SIGINT', abort)
  process.off('SIGTERM', abort)
  return aborted
}
