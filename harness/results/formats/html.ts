import type { Block, Cell, ChartBlock, Section, TableBlock, Tone, View } from '../view.ts'
import { noteOf, textOf, toneOf } from '../view.ts'
import { LINE_COLOURS, renderChart } from './chart.ts'
import { escapeHtml } from './escape.ts'
import { STYLE } from './html-style.ts'

/** Nothing may be loaded or run, whatever a server managed to get into the record. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

/** report.html: one file that opens from disk, prints, and needs neither network nor script. */
export function renderHtml(view: View): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="referrer" content="no-referrer">',
    // Without it browsers ask the server for /favicon.ico.
    '<link rel="icon" href="data:,">',
    `<title>${escapeHtml(view.title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    header(view),
    '<main>',
    ...view.sections.map(sectionHtml),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

function header({ status, sentence, facts, sections }: View): string {
  const links = sections.map(({ id, title }) => `<li><a href="#${escapeHtml(id)}">${escapeHtml(title)}</a></li>`)
  const entries = facts.map(({ name, value }) => `<div><dt>${escapeHtml(name)}</dt><dd>${cellHtml(value)}</dd></div>`)
  return [
    `<header class="${toneClass(status.tone)}">`,
    `<h1>${escapeHtml(sentence)}</h1>`,
    `<dl class="facts">${entries.join('')}</dl>`,
    `<nav aria-label="Sections"><ul>${links.join('')}</ul></nav>`,
    '</header>',
  ].join('\n')
}

function sectionHtml({ id, title, blocks }: Section): string {
  const charts = blocks.filter((block) => block.kind === 'chart')
  const others = blocks.filter((block) => block.kind !== 'chart')
  return [
    `<section id="${escapeHtml(id)}">`,
    `<h2>${escapeHtml(title)}</h2>`,
    ...others.map(blockHtml),
    ...(charts.length === 0 ? [] : [`<div class="charts">${charts.map(chartHtml).join('')}</div>`]),
    '</section>',
  ].join('\n')
}

function blockHtml(block: Exclude<Block, ChartBlock>): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p class="${toneClass(block.tone)}">${escapeHtml(block.text)}</p>`
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${cellHtml(item)}</li>`).join('')}</ul>`
    case 'table':
      return tableHtml(block)
    case 'code':
      return `<pre><code>${escapeHtml(block.text)}</code></pre>`
  }
}

function tableHtml({ columns, rows }: TableBlock): string {
  const kind = (i: number) => (columns[i]?.numeric === true ? ' class="number"' : '')
  const head = columns.map(({ title }, i) => `<th scope="col"${kind(i)}>${escapeHtml(title)}</th>`).join('')
  const titled = columns.some(({ title }) => title !== '')
  const body = rows.map(
    (row) => `<tr>${columns.map((_, i) => `<td${kind(i)}>${cellHtml(row[i] ?? '')}</td>`).join('')}</tr>`,
  )
  // The wrapper scrolls sideways on a phone; a key press must be able to do that too.
  return [
    `<div class="wide${columns.length > 6 ? ' most' : columns.length > 3 ? ' many' : ''}" tabindex="0" role="group">`,
    `<table>${titled ? `<thead><tr>${head}</tr></thead>` : ''}<tbody>${body.join('\n')}</tbody></table>`,
    '</div>',
  ].join('')
}

function chartHtml(chart: ChartBlock): string {
  const names = chart.lines.map(
    ({ name }, i) => `<span class="key key${(i % LINE_COLOURS) + 1}">${escapeHtml(name)}</span>`,
  )
  const caption = `<figcaption>${escapeHtml(chart.title)} ${names.length > 1 ? names.join(' ') : ''}</figcaption>`
  return `<figure>${caption}${renderChart(chart)}</figure>`
}

function cellHtml(cell: Cell): string {
  const note = noteOf(cell)
  const text = escapeHtml(textOf(cell))
  const tone = toneOf(cell)
  const main = tone === undefined ? text : `<span class="${toneClass(tone)}">${text}</span>`
  return note === undefined ? main : `${main} <small>(${escapeHtml(note)})</small>`
}

const toneClass = (tone: Tone | undefined) => `tone-${tone ?? 'plain'}`
