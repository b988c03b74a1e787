import type { LeakSignal, Leaks, RunRecord } from '../../model/record.ts'
import { formatBytes, formatCount } from '../../model/units.ts'
import { list, paragraph, section, table } from './build.ts'
import { LEAK_TONES, VERDICT_TONES } from './labels.ts'
import { NONE, UNKNOWN } from './numbers.ts'
import type { Cell, Section } from './types.ts'

/** Why a run cannot be trusted; first of all sections, because it takes the sense out of the others. */
export function voidSection({ void: reasons }: RunRecord): Section | null {
  if (reasons.length === 0) return null
  const rows = reasons.map(({ rule, actual, limit, remedy }): Cell[] => [
    { text: rule, tone: 'warn' },
    actual,
    limit,
    remedy,
  ])
  return section('void', 'Why this run cannot be trusted', 'terminal', [
    table(['Rule', 'Was', 'Allowed', 'What to do'], rows),
  ])
}

export function verdictSection({ verdicts }: RunRecord): Section {
  if (verdicts.length === 0)
    return section('verdicts', 'Verdicts', 'terminal', [paragraph('Nothing was judged in this run.', 'quiet')])
  const rows = verdicts.map(({ name, status, expected, actual, why }): Cell[] => [
    { text: status, tone: VERDICT_TONES[status] },
    name,
    expected,
    actual,
    why,
  ])
  return section('verdicts', 'Verdicts', 'terminal', [table(['', 'Verdict', 'Expected', 'Was', 'Why'], rows)])
}

export function warningSection({ warnings }: RunRecord): Section | null {
  if (warnings.length === 0) return null
  return section('warnings', 'Warnings', 'terminal', [list(warnings.map((text) => ({ text, tone: 'warn' })))])
}

export function leakSection({ leaks }: RunRecord): Section | null {
  if (leaks === null) return null
  const cycles = `${formatCount(leaks.cycles)} cycles of ${formatCount(leaks.connectionsPerCycle)} connections`
  const tone = LEAK_TONES[leaks.verdict]
  const blocks = [
    paragraph(`Verdict: ${leaks.verdict}, from ${cycles}.`, tone),
    table(['', 'Signal', 'Baseline#', 'After each cycle', 'Why'], leaks.signals.map(signalRow)),
  ]
  return section('leaks', 'Leaks of the server', 'terminal', leaks.signals.length === 0 ? blocks.slice(0, 1) : blocks)
}

function signalRow(signal: LeakSignal): Cell[] {
  const value = (n: number | null) => (n === null ? '?' : amount(n, signal.unit))
  return [
    { text: signal.verdict, tone: LEAK_TONES[signal.verdict] },
    signal.name,
    signal.baseline === null ? UNKNOWN : value(signal.baseline),
    signal.samples.length === 0 ? NONE : signal.samples.map(value).join(', '),
    signal.why,
  ]
}

const amount = (n: number, unit: Leaks['signals'][number]['unit']) =>
  unit === 'bytes' ? formatBytes(n) : formatCount(n)
