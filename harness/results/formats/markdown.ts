import type { Block, Cell, CodeBlock, TableBlock, View } from '../view.ts'
import { noteOf, textOf } from '../view.ts'
import { escapeMarkdown } from './escape.ts'

/** summary.md: for a pull request or a job summary. Charts are in the page only. */
export function renderMarkdown(view: View): string {
  const facts = view.facts.map(({ name, value }) => `- ${escapeMarkdown(name)}: ${cellText(value)}`)
  const sections = view.sections
    .filter(({ level }) => level !== 'page')
    .map(({ title, blocks }) => [`## ${escapeMarkdown(title)}`, ...blocks.map(blockText)].join('\n\n'))
  const head = [`# ${escapeMarkdown(view.title)}`, `**${escapeMarkdown(view.sentence)}**`, facts.join('\n')]
  return `${[...head, ...sections].join('\n\n')}\n`
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return escapeMarkdown(block.text)
    case 'list':
      return block.items.map((item) => `- ${cellText(item)}`).join('\n')
    case 'table':
      return tableText(block)
    case 'code':
      return codeText(block)
    case 'chart':
      return ''
  }
}

function tableText({ columns, rows }: TableBlock): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(columns.map(({ title }) => escapeMarkdown(title))),
    line(columns.map(({ numeric }) => (numeric === true ? '---:' : '---'))),
    ...rows.map((row) => line(columns.map((_, i) => cellText(row[i] ?? '')))),
  ].join('\n')
}

function cellText(cell: Cell): string {
  const note = noteOf(cell)
  return escapeMarkdown(note === undefined ? textOf(cell) : `${textOf(cell)} (${note})`)
}

/** A fence longer than any run of backticks inside, so that the text cannot close it. */
function codeText({ language, text }: CodeBlock): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(Math.max(3, longest + 1))
  return [`${fence}${language}`, text, fence].join('\n')
}
