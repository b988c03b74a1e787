import type { Block, Cell, Level, ListBlock, ParagraphBlock, Rich, Section, TableBlock, Tone } from './types.ts'

/** `['Reason', 'Count#']`: a title that ends in # heads a column of numbers. */
export function table(titles: readonly string[], rows: Cell[][]): TableBlock {
  const columns = titles.map((title) =>
    title.endsWith('#') ? { title: title.slice(0, -1), numeric: true } : { title },
  )
  return { kind: 'table', columns, rows }
}

export function paragraph(text: string, tone?: Tone): ParagraphBlock {
  return tone === undefined ? { kind: 'paragraph', text } : { kind: 'paragraph', text, tone }
}

export const list = (items: Rich[]): ListBlock => ({ kind: 'list', items })

export function section(id: string, title: string, level: Level, blocks: Block[]): Section {
  return { id, title, level, blocks }
}
