import type { RunRecord, Verdict } from '../../model/record.ts'
import { MS_PER_SECOND } from '../../model/units.ts'
import { cleanLine, sentenceOf } from '../view.ts'
import { escapeXml } from './escape.ts'

interface Case {
  name: string
  /** null when passed */
  fault: { element: 'failure' | 'error'; type: string; message: string; detail: string } | null
}

/**
 * Verdicts and thresholds as test cases, void reasons as failures of type `void`. One further case, `run`, stands for
 * the run as a whole: a run that judged nothing, or was not to be trusted, must not look green for want of cases.
 */
export function renderJunit(record: RunRecord): string {
  const cases = [runCase(record), ...record.void.map(voidCase), ...record.verdicts.map(verdictCase)]
  const count = (element: string) => cases.filter(({ fault }) => fault?.element === element).length
  const seconds = Math.max(0, (Date.parse(record.endedAt) - Date.parse(record.startedAt)) / MS_PER_SECOND)
  const totals = attributes({
    name: 'sse-harness',
    tests: `${cases.length}`,
    failures: `${count('failure')}`,
    errors: `${count('error')}`,
    skipped: '0',
    time: seconds.toFixed(3),
    timestamp: record.startedAt,
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `<testsuite ${totals}>`,
    `<properties><property ${attributes({ name: 'run', value: record.id })}/></properties>`,
    ...cases.map(caseText),
    '</testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function runCase(record: RunRecord): Case {
  const message = sentenceOf(record)
  const explained = record.status === 'fail' && record.verdicts.some(({ status }) => status === 'fail')
  if (record.status === 'pass' || explained) return { name: 'run', fault: null }
  const broken = record.status === 'error' || record.status === 'aborted'
  return {
    name: 'run',
    fault: { element: broken ? 'error' : 'failure', type: record.status, message, detail: message },
  }
}

function voidCase({ rule, actual, limit, remedy }: RunRecord['void'][number]): Case {
  const message = `${rule}: was ${actual}, allowed ${limit}`
  return { name: `void: ${rule}`, fault: { element: 'failure', type: 'void', message, detail: remedy } }
}

function verdictCase({ name, status, expected, actual, why }: Verdict): Case {
  if (status === 'pass') return { name, fault: null }
  const type = status === 'fail' ? 'failed' : 'inconclusive'
  const message = `expected ${expected}, was ${actual}`
  return { name, fault: { element: 'failure', type, message, detail: why } }
}

function caseText({ name, fault }: Case): string {
  const open = `<testcase ${attributes({ classname: 'sse-harness', name })}`
  if (fault === null) return `${open}/>`
  const { element, type, message, detail } = fault
  return `${open}><${element} ${attributes({ type, message })}>${xml(detail)}</${element}></testcase>`
}

const attributes = (pairs: Readonly<Record<string, string>>) =>
  Object.entries(pairs)
    .map(([name, value]) => `${name}="${xml(value)}"`)
    .join(' ')

const xml = (text: string) => escapeXml(cleanLine(text))
