import type { CommandModule } from 'yargs'

import { planDuration } from '../model/plan.ts'
import { preflight } from '../run/preflight.ts'
import { runSession } from '../run/session.ts'
import type { CommonFlags } from './common-options.ts'
import { commonOptions } from './common-options.ts'
import type { RunContext, RunParts } from './execute-run.ts'
import { executeRun } from './execute-run.ts'
import { loadOptions, planFromFlags } from './load-options.ts'

type LoadFlags = CommonFlags & Record<string, unknown>

export const loadCommand: CommandModule<object, LoadFlags> = {
  command: 'load',
  describe: 'Put streams on a server, measure them and judge the run',
  builder: (yargs) =>
    commonOptions(loadOptions(yargs))
      .example('$0 load --url http://127.0.0.1:8080/events --connections 200 --duration 20s', 'a steady load')
      .example("$0 load --url ... --threshold 'sse_delivery_latency: p(99)<50ms'", 'fails (99) when it does not hold')
      .example("$0 load --url ... --stamp 'json:$.t:ms' --sequence id", 'a server of your own'),
  handler: async (flags) => {
    process.exitCode = await load(flags)
  },
}

async function load(flags: LoadFlags): Promise<number> {
  const { plan, shown } = planFromFlags(flags)
  preflight({ generator: 'node', connections: plan.load.connections, workers: plan.workers, path: 'load.connections' })
  const run = async ({ clock, signal, sink, progress }: RunContext): Promise<RunParts> => {
    const session = await runSession({
      plan,
      phases: [{ name: 'measure', duration: planDuration(plan.load.duration) }],
      name: '',
      firstStream: 0,
      after: 0,
      clock,
      signal,
      sink,
      onProgress: progress.listener,
      targetGone: null,
      launcher: [],
    })
    const parts = { leaks: null, verdicts: [], phases: [], warnings: [], headline: null, targetAlive: true }
    return { ...parts, sessions: [session] }
  }
  return executeRun(flags, async () => ({ shown, secretHeaders: plan.target.secretHeaders, run }))
}
