import type { View } from './types.ts'

const LONGEST = 2000
const ESCAPE = String.fromCharCode(27)
const BELL = String.fromCharCode(7)
/** Escape sequences as a whole (CSI, OSC, two-byte), or their rest would stay as litter. */
const SEQUENCES = new RegExp(
  `${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${BELL}${ESCAPE}]*(?:${BELL}|${ESCAPE}\\\\)?|[@-_])`,
  'g',
)
/** Controls steer a terminal; format characters turn the direction of text around or hide in it. */
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** One line without anything that could steer a terminal. Records hold text that a server chose. */
export function cleanLine(text: string): string {
  const line = text.replaceAll(SEQUENCES, '').replaceAll(CONTROLS, ' ')
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line
}

/** Cleans every string of a view, so that no section has to remember it. Formats still escape for their own syntax. */
export const cleanView = (view: View): View => clean(view) as View

function clean(value: unknown): unknown {
  if (typeof value === 'string') return cleanLine(value)
  if (Array.isArray(value)) return value.map(clean)
  if (typeof value !== 'object' || value === null) return value
  const cleaned = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, clean(inner)]))
  // Only code has lines.
  if ('kind' in value && value.kind === 'code' && 'text' in value)
    cleaned['text'] = String(value.text).split('\n').map(cleanLine).join('\n')
  return cleaned
}
