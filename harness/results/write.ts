import { access, constants, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'

import type { RunRecord } from '../model/record.ts'
import { cannotWrite } from './files.ts'
import { renderFiles } from './formats/registry.ts'
import { isRunId } from './run-id.ts'

export const RECORD_FILE = 'run.json'
export const INTERVALS_FILE = 'intervals.hlog'

interface OutputFile {
  name: string
  content: string
}

/** Creates the reports folder where it is missing, so that an unwritable place is refused before the run, not after. */
export async function checkOut(outDir: string): Promise<void> {
  try {
    await mkdir(outDir, { recursive: true })
    await access(outDir, constants.W_OK)
    // Permission bits do not tell of a read-only mount or a full disk; a file does.
    const probe = path.join(outDir, `.probe-${process.pid}`)
    await writeDurably(probe, 'x')
    await rm(probe)
  } catch (error) {
    throw cannotWrite(`the folder ${outDir}`, error)
  }
}

/**
 * Writes `OUT/RUN_ID/` whole or not at all: into a folder beside it, to the disk, then renamed. Gives the folder.
 * @param intervals the file that IntervalLog.finish gave, moved in; null when there is none
 * @throws {UsageError} one sentence; what was written so far is removed again
 */
export async function writeRun(outDir: string, record: RunRecord, intervals: string | null): Promise<string> {
  if (!isRunId(record.id)) throw new RangeError(`"${record.id}" cannot name a folder`)
  const target = path.join(outDir, record.id)
  const temporary = path.join(outDir, `.${record.id}.tmp-${process.pid}`)
  try {
    await mkdir(temporary, { recursive: true })
    await writeAll(temporary, [recordFile(record), ...renderFiles(record)])
    if (intervals !== null) await rename(intervals, path.join(temporary, INTERVALS_FILE))
    await syncFolder(temporary)
    await rename(temporary, target)
    await syncFolder(outDir)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    if (intervals !== null) await rm(intervals, { force: true })
    throw cannotWrite(`the run folder ${target}`, error)
  }
  return target
}

/** Renders a record again into a folder that may have an older rendering; each file is replaced in one step. */
export async function renderInto(folder: string, record: RunRecord): Promise<string[]> {
  const files = renderFiles(record)
  try {
    await mkdir(folder, { recursive: true })
    for (const { name, content } of files) await replaceFile(path.join(folder, name), content)
    await removeStale(folder, new Set(files.map(({ name }) => name)))
  } catch (error) {
    throw cannotWrite(`the report in ${folder}`, error)
  }
  return files.map(({ name }) => path.join(folder, name))
}

const recordFile = (record: RunRecord): OutputFile => ({
  name: RECORD_FILE,
  content: `${JSON.stringify(record, null, 2)}\n`,
})

async function writeAll(folder: string, files: readonly OutputFile[]): Promise<void> {
  for (const { name, content } of files) await writeDurably(path.join(folder, name), content)
}

async function writeDurably(file: string, content: string): Promise<void> {
  const handle = await open(file, 'w')
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function replaceFile(file: string, content: string): Promise<void> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.tmp-${process.pid}`)
  try {
    await writeDurably(temporary, content)
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** A listing of a metric that the record no longer has would be read as one of this run. */
async function removeStale(folder: string, written: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder))
    if (name.endsWith('.hgrm') && !written.has(name)) await rm(path.join(folder, name))
}

/** A rename is on the disk only once its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
