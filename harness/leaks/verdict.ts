import type { Leaks } from '../model/record.ts'
import type { BytesRule } from './bytes-rule.ts'
import { BYTES_RULE, judgeBytes } from './bytes-rule.ts'
import { judgeCount } from './count-rule.ts'
import { judgeGauge, judgeReturn } from './return-rules.ts'
import type { MeasuredSignal, SignalVerdict } from './signal.ts'

/** Leak, clean or undecided, by the rule of its kind; `bytes` are the numbers of the rule for bytes. */
export function judgeSignal(signal: MeasuredSignal, bytes: BytesRule = BYTES_RULE): SignalVerdict {
  if (!(signal.connectionsPerCycle > 0))
    return {
      verdict: signal.kind === 'ceiling' ? 'informative' : 'undecided',
      why: 'no client came in any cycle',
      rule: 'nothing is judged without clients',
      perConnection: null,
      power: null,
    }
  switch (signal.kind) {
    case 'exact':
      return judgeReturn(signal)
    case 'count':
      return judgeCount(signal)
    case 'gauge':
      return judgeGauge(signal)
    case 'bytes':
      return judgeBytes(signal, bytes)
    case 'ceiling':
      return {
        verdict: 'informative',
        why: 'a process with a collected heap keeps what it once took, so this is shown and not judged',
        rule: 'not judged',
        perConnection: null,
        power: null,
      }
  }
}

/** One leak is a leak; else one signal undecided leaves all undecided, and so does nothing judged. */
export function overallVerdict(signals: readonly Pick<SignalVerdict, 'verdict'>[]): Leaks['verdict'] {
  const judged = signals.filter(({ verdict }) => verdict !== 'informative')
  if (judged.some(({ verdict }) => verdict === 'leak')) return 'leak'
  return judged.length > 0 && judged.every(({ verdict }) => verdict === 'clean') ? 'clean' : 'undecided'
}
