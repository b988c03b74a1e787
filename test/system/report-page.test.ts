import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

import type { Browser, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { RunRecord } from '../../harness/model/record.ts'
import { formatCount, formatDuration } from '../../harness/model/units.ts'
import { sentenceOf } from '../../harness/results/view.ts'
import { writeRun } from '../../harness/results/write.ts'
import { sampleRecord } from '../fixtures/records/sample.ts'
import { hostileRecord, VARIANTS } from '../fixtures/records/variants.ts'
import { requirement } from '../support/require.ts'

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = [process.env['CHROMIUM'] ?? '', ...PATHS].find((file) => file !== '' && existsSync(file)) ?? ''
const available = requirement(
  'browser',
  executablePath !== '',
  'install Chromium (apt-get install chromium) or set CHROMIUM',
)

// No sandbox, because containers run as root; the rest keeps the browser from calling home.
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

interface Opened {
  page: Page
  folder: string
  /** Console errors, script errors and requests for anything but the page itself. */
  complaints: string[]
}

describe.skipIf(!available)('report.html in a browser', () => {
  let browser: Browser
  let out = ''
  beforeAll(async () => {
    out = mkdtempSync(path.join(tmpdir(), 'sse-harness-page-'))
    browser = await chromium.launch({ executablePath, args: FLAGS })
  })
  afterAll(async () => {
    await browser.close()
    rmSync(out, { recursive: true, force: true })
  })

  async function open(record: RunRecord, name: string, width = 1280): Promise<Opened> {
    const folder = await writeRun(path.join(out, name), record, null)
    const page = await browser.newPage({ viewport: { width, height: 900 } })
    const complaints: string[] = []
    const url = pathToFileURL(path.join(folder, 'report.html')).href
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on('request', (request) => {
      if (request.url() !== url && !request.url().startsWith('data:')) complaints.push(request.url())
    })
    await page.goto(url)
    return { page, folder, complaints }
  }

  const cellsOf = (page: Page, section: string, label: string) =>
    page
      .locator(`#${section} tr`, { has: page.locator(`td:first-child:text-is("${label}")`) })
      .first()
      .locator('td')
      .allTextContents()

  test('shows the numbers of the record', async () => {
    const record = sampleRecord()
    const { page, complaints } = await open(record, 'numbers')
    expect(await page.locator('h1').textContent()).toBe(sentenceOf(record))
    const metric = record.metrics['sse_delivery_latency']
    if (metric?.kind !== 'histogram') throw new Error('no metric')
    const [, p50, p90, p95, p99, p999, max] = await cellsOf(page, 'freshness', 'Delivery latency')
    const durations = [metric.p50, metric.p90, metric.p95, metric.p99].map((value) => formatDuration(value ?? NaN))
    expect([p50, p90, p95, p99]).toEqual(durations)
    expect(p999).toBe('n/a (needs 10,000 independent samples, has 1,800)')
    expect(max).toBe(formatDuration(metric.max ?? NaN))
    expect(await cellsOf(page, 'ends', 'reset')).toEqual(['reset', '50', 'the connection was reset (RST)'])
    expect(await cellsOf(page, 'ledger', 'received')).toContain('298,745')
    expect(await page.locator('#series svg').count()).toBe(5)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('shows two generators side by side with the numbers of each', async () => {
    const record = VARIANTS.both()
    const { node, k6 } = record.generators
    const halves = [node?.phases['steady'], k6?.phases['k6/measure']]
    const { page, complaints } = await open(record, 'generators')
    const shown = async (label: string) => (await cellsOf(page, 'generators', label)).slice(1)
    const counters = halves.map((metrics) => {
      const events = metrics?.['sse_events_received']
      return events?.kind === 'counter' ? formatCount(events.value) : 'absent'
    })
    expect(await shown('Events received')).toEqual(counters)
    for (const [label, key, quantile] of [
      ['Delivery latency p50', 'sse_delivery_latency', 'p50'],
      ['Delivery latency max', 'sse_delivery_latency', 'max'],
      ['Transit latency p50', 'sse_transit_latency', 'p50'],
      ['Own queueing p99', 'harness_queue_delay', 'p99'],
    ] as const) {
      const values = halves.map((metrics) => {
        const metric = metrics?.[key]
        return metric?.kind === 'histogram' ? formatDuration(metric[quantile] ?? NaN) : 'absent'
      })
      expect(await shown(label)).toEqual(values)
      expect(values[0]).not.toBe(values[1])
    }
    expect(await shown('Lost')).toEqual([`${record.ledger?.lost}`, `${k6?.ledger?.lost}`])
    expect(complaints).toEqual([])
    await page.close()
  })

  test.each(Object.entries(VARIANTS))('the record "%s" opens without a complaint', async (name, build) => {
    const { page, complaints } = await open(build(), name)
    expect(await page.locator('h1').textContent()).toBe(sentenceOf(build()))
    expect(complaints).toEqual([])
    await page.close()
  })

  test.each([
    ['sample', 1280],
    ['sample', 360],
    ['both', 1280],
    ['both', 360],
  ] as const)('%s at %i pixels runs out of no page, in the dark as in the light', async (name, width) => {
    const { page } = await open(VARIANTS[name](), `width-${name}-${width}`, width)
    const colors: string[] = []
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
      colors.push(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
    }
    expect(colors).toEqual(['rgb(255, 255, 255)', 'rgb(20, 23, 27)'])
    await page.close()
  })

  test('a hostile record runs no script, loads nothing and adds no element', async () => {
    const { page, folder, complaints } = await open(hostileRecord(), 'hostile', 360)
    expect(complaints).toEqual([])
    expect(await page.locator('script, img, iframe, object, embed, form').count()).toBe(0)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
    const xml = readFileSync(path.join(folder, 'junit.xml'), 'utf8')
    const cases = `(xml) => { const doc = new DOMParser().parseFromString(xml, 'application/xml');
      return [doc.querySelectorAll('parsererror').length, doc.querySelectorAll('testcase').length] }`
    expect(await page.evaluate(`(${cases})(${JSON.stringify(xml)})`)).toEqual([0, 3])
    await page.close()
  })

  test('prints without its links, and no table runs off an A4 page', async () => {
    // A4 less the usual margins, in CSS pixels.
    const { page } = await open(VARIANTS.both(), 'print', 718)
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('nav').isVisible()).toBe(false)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(718)
    expect((await page.pdf({ format: 'A4' })).subarray(0, 5).toString()).toBe('%PDF-')
    await page.close()
  })
})
