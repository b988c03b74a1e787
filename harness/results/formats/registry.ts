import type { RunRecord } from '../../model/record.ts'
import type { View } from '../view.ts'
import { viewOf } from '../view.ts'
import { renderHgrm } from './hgrm.ts'
import { renderHtml } from './html.ts'
import { renderJunit } from './junit.ts'
import { renderMarkdown } from './markdown.ts'
import { renderText } from './text.ts'

export interface RenderedFile {
  name: string
  content: string
}

export interface Format {
  what: string
  /** Part of every run folder; the others are printed or exported on demand. */
  inRunFolder: boolean
  render: (record: RunRecord, view: View) => RenderedFile[]
}

/** Every way to show a record. A new one is one file and one line here. */
export const FORMATS = {
  html: {
    what: 'one self-contained page with charts',
    inRunFolder: true,
    render: (_record, view) => [{ name: 'report.html', content: renderHtml(view) }],
  },
  markdown: {
    what: 'summary for a pull request or a job summary',
    inRunFolder: true,
    render: (_record, view) => [{ name: 'summary.md', content: renderMarkdown(view) }],
  },
  junit: {
    what: 'verdicts and thresholds as test cases',
    inRunFolder: true,
    render: (record) => [{ name: 'junit.xml', content: renderJunit(record) }],
  },
  hgrm: {
    what: 'percentile listings for HDR plotters, one per histogram',
    inRunFolder: true,
    render: (record) => renderHgrm(record),
  },
  text: {
    what: 'summary for a terminal',
    inRunFolder: false,
    render: (_record, view) => [{ name: 'summary.txt', content: renderText(view, { color: false }) }],
  },
} satisfies Record<string, Format>

/** What stands in a run folder beside the record and the interval log. */
export function renderFiles(record: RunRecord): RenderedFile[] {
  const view = viewOf(record)
  return Object.values<Format>(FORMATS).flatMap(({ inRunFolder, render }) => (inRunFolder ? render(record, view) : []))
}
