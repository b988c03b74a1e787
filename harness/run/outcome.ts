import type { ExitCode } from '../model/exit-codes.ts'
import { EXIT } from '../model/exit-codes.ts'
import type { RunStatus, Verdict, VoidReason } from '../model/record.ts'
import { K6_PREFIX } from '../model/record.ts'

export interface Findings {
  /** A load generator broke down, which is nothing that the target did. */
  generatorFault: boolean
  aborted: boolean
  unreachable: boolean
  void: readonly VoidReason[]
  verdicts: readonly Verdict[]
  /** Names of verdicts that may stay inconclusive; without a prefix, of either load generator. */
  accepted: readonly string[]
}

/** Status and exit code of a finished run: the first that holds. */
export function outcome(findings: Findings): { status: RunStatus; exitCode: ExitCode } {
  if (findings.generatorFault) return { status: 'error', exitCode: EXIT.ownFault }
  if (findings.aborted) return { status: 'aborted', exitCode: EXIT.aborted }
  if (findings.unreachable) return { status: 'error', exitCode: EXIT.unreachable }
  if (findings.void.length > 0) return { status: 'void', exitCode: EXIT.notProven }
  if (findings.verdicts.some((verdict) => verdict.status === 'fail')) return { status: 'fail', exitCode: EXIT.failed }
  const open = findings.verdicts.filter(
    (verdict) =>
      verdict.status === 'inconclusive' && !namesOf(verdict).some((name) => findings.accepted.includes(name)),
  )
  if (open.length > 0) return { status: 'inconclusive', exitCode: EXIT.notProven }
  return { status: 'pass', exitCode: EXIT.pass }
}

/** What cannot be known of a target cannot be known by either generator. */
const namesOf = ({ name }: Verdict): string[] => [name, name.replace(K6_PREFIX, '')]
