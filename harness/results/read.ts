import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'

import { UsageError } from '../model/exit-codes.ts'
import type { RunRecord } from '../model/record.ts'
import { RUN_SCHEMA, RunRecordSchema } from '../model/record.ts'
import { RECORD_FILE } from './write.ts'

export interface StoredRun {
  record: RunRecord
  /** The folder of the record. */
  folder: string
  /** The record itself. */
  file: string
}

const SHOWN_FAULTS = 5
const NEWEST = Number(RUN_SCHEMA.split('@')[1])

/**
 * A run by its folder, its run.json, its id, a prefix of it that no other has, or `latest`.
 * @throws {UsageError} one sentence: nothing there, several, or not a record (with the paths of the first faults)
 */
export async function readRun(pathOrId: string, outDir: string): Promise<StoredRun> {
  const file = await locate(pathOrId, outDir)
  return { record: parseRecord(await readText(file), file), folder: path.dirname(file), file }
}

/** The ids of the runs in a reports folder, oldest first; none when there is no such folder. */
export async function listRunIds(outDir: string): Promise<string[]> {
  const entries = await readdir(outDir).catch(() => [] as string[])
  const ids: string[] = []
  for (const name of entries.toSorted())
    if (!name.startsWith('.') && (await isFile(path.join(outDir, name, RECORD_FILE)))) ids.push(name)
  return ids
}

async function locate(pathOrId: string, outDir: string): Promise<string> {
  if (await isFile(pathOrId)) return pathOrId
  if (await isFile(path.join(pathOrId, RECORD_FILE))) return path.join(pathOrId, RECORD_FILE)
  const ids = await listRunIds(outDir)
  if (pathOrId === 'latest') {
    const latest = ids.at(-1)
    if (latest === undefined) throw refuse(`there is no run in ${outDir} yet; start one, or name its folder`)
    return path.join(outDir, latest, RECORD_FILE)
  }
  const matches = ids.includes(pathOrId) ? [pathOrId] : ids.filter((id) => pathOrId !== '' && id.startsWith(pathOrId))
  const [only, second] = matches
  if (only === undefined)
    throw refuse(`"${pathOrId}" is no run in ${outDir}, no folder with a ${RECORD_FILE} and no such file`)
  if (second !== undefined)
    throw refuse(`"${pathOrId}" is the start of ${matches.length} runs (${only}, ${second}, ...); write more of the id`)
  return path.join(outDir, only, RECORD_FILE)
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw refuse(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`)
  }
}

/** @throws {UsageError} with `file` in its sentence */
export function parseRecord(text: string, file: string): RunRecord {
  const json = parseJson(text, file)
  const schema = typeof json === 'object' && json !== null && 'schema' in json ? json.schema : undefined
  const version = typeof schema === 'string' ? /^sse-harness\/run@(\d+)$/.exec(schema) : null
  if (version === null)
    throw refuse(`${file} is not a run record: it has no "schema": "${RUN_SCHEMA}"; name a ${RECORD_FILE} of a run`)
  if (Number(version[1]) > NEWEST)
    throw refuse(
      `${file} was written by a newer sse-harness ("${version[0]}", this one reads "${RUN_SCHEMA}"); update it`,
    )
  const parsed = RunRecordSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const { issues } = parsed.error
  const shown = issues.slice(0, SHOWN_FAULTS).map(({ path: at, message }) => `${at.join('.') || '(top)'}: ${message}`)
  const more = issues.length > SHOWN_FAULTS ? `; and ${issues.length - SHOWN_FAULTS} more` : ''
  throw refuse(`${file} is not a valid run record, so nothing in it can be trusted: ${shown.join('; ')}${more}`)
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw refuse(
      text.trim().startsWith('{') && !text.trim().endsWith('}')
        ? `${file} is cut short: its JSON does not end; copy it again from where it was written`
        : `${file} is not JSON, so it is not a run record; name a ${RECORD_FILE} of a run`,
    )
  }
}

const refuse = (sentence: string) => new UsageError([sentence])

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (entry) => entry.isFile(),
    () => false,
  )
}
