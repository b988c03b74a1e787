import type { Verdict } from '../model/record.ts'
import { formatCount } from '../model/units.ts'
import { FURTHER_VERDICTS } from '../model/verdicts.ts'
import type { K6Outcome } from './outcome.ts'
import type { K6Threshold } from './thresholds.ts'

export interface K6Judgement {
  /** `usage`: nothing was measured, because of the script or its options. `fault`: a bug of k6's or of ours. */
  kind: 'completed' | 'usage' | 'aborted' | 'fault'
  /** Of `usage` and `fault`: what k6 says, or what happened to it. */
  faults: string[]
  verdicts: Verdict[]
}

/** What k6's exit codes say of a script that asked for streams (errext/exitcodes/codes.go); '': it ran to its end. */
const ENDS: Readonly<Record<number, string>> = {
  0: '',
  99: '',
  100: 'setup() took longer than its timeout',
  101: 'teardown() took longer than its timeout',
  107: 'setup(), teardown() or init code threw',
  108: 'the script stopped the test itself, with test.abort()',
  110: 'the script marked the test as failed, with test.fail()',
}

/**
 * Exit codes of a script that k6 could not run, as long as no stream was asked for. 255 is k6's code for everything
 * without one of its own: an unknown flag, a script without functions.
 */
const REFUSALS: readonly number[] = [100, 104, 107, 255]
const STOPPED_BY_SIGNAL = 105
/** Stands in every error of our own output. */
const OUTPUT = 'sse-record'

/** What a run of k6 came to. Its exit code alone does not say: it is 0 also when every iteration threw. */
export function judge(outcome: K6Outcome): K6Judgement {
  const { kind, why } = kindOf(outcome)
  if (kind === 'usage') return { kind, faults: outcome.errors.length > 0 ? outcome.errors : [why], verdicts: [] }
  if (kind === 'fault') return { kind, faults: [why, ...outcome.errors], verdicts: [] }
  const verdicts = [scriptErrors(outcome), scriptCompleted(outcome, kind, why), ...outcome.thresholds.map(threshold)]
  return { kind, faults: [], verdicts }
}

/** `why`: what kept the script from running to its end; '' when nothing did. */
function kindOf(outcome: K6Outcome): { kind: K6Judgement['kind']; why: string } {
  const { exitCode, overrun, complete, started } = outcome
  if (outcome.aborted) return { kind: 'aborted', why: 'the run was stopped' }
  if (overrun && complete)
    return { kind: 'completed', why: 'it was still running at the limit of time, and was stopped' }
  if (overrun)
    return { kind: 'fault', why: 'k6 was still running at the limit of time, and gave no result when told to end' }
  if (exitCode === null) return { kind: 'fault', why: `k6 died of ${outcome.signal ?? 'an unknown signal'}` }
  if (exitCode === STOPPED_BY_SIGNAL) return { kind: 'aborted', why: 'somebody else stopped k6 with a signal' }
  if (outcome.errors.some((error) => error.includes(OUTPUT)))
    return { kind: 'fault', why: `the output of our k6 failed (exit code ${exitCode})` }
  if (!started && REFUSALS.includes(exitCode))
    return { kind: 'usage', why: `k6 refuses the script (exit code ${exitCode})` }
  const why = ENDS[exitCode]
  if (why === undefined) return { kind: 'fault', why: `k6 ended with exit code ${exitCode}` }
  if (!complete) return { kind: 'fault', why: `k6 ended with exit code ${exitCode} and without a result` }
  return { kind: 'completed', why }
}

function scriptErrors({ exceptions: { count, first } }: K6Outcome): Verdict {
  const base = { name: 'no_script_errors', expected: FURTHER_VERDICTS.no_script_errors }
  if (count === 0) return { ...base, status: 'pass', actual: 'none threw', why: "from k6's log" }
  const iterations = count === 1 ? '1 iteration threw' : `${formatCount(count)} iterations threw`
  return { ...base, status: 'fail', actual: iterations, why: first.join('; ') }
}

function scriptCompleted({ errors }: K6Outcome, kind: K6Judgement['kind'], why: string): Verdict {
  const base = { name: 'script_completed', expected: FURTHER_VERDICTS.script_completed }
  if (kind === 'aborted') return { ...base, status: 'inconclusive', actual: 'it was stopped', why }
  if (why === '') return { ...base, status: 'pass', actual: 'it did', why: "from k6's exit code" }
  return { ...base, status: 'fail', actual: why, why: errors.length > 0 ? errors.join('; ') : "from k6's exit code" }
}

function threshold({ metric, expression, ok }: K6Threshold): Verdict {
  const base = { name: `k6 ${metric}: ${expression}`, expected: expression }
  if (ok === null) {
    const why = 'without a sample k6 lets a threshold hold, which says nothing'
    return { ...base, status: 'inconclusive', actual: 'no samples, or only zeros', why }
  }
  const why = "judged by k6, from k6's own metric"
  return ok
    ? { ...base, status: 'pass', actual: 'it held', why }
    : { ...base, status: 'fail', actual: 'it was crossed', why }
}
