import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/** The Go module, in a checkout and in an installed package alike. */
export const EXTENSION = path.join(packageRoot(import.meta.dirname), 'k6-scripts/extension')

function packageRoot(folder: string): string {
  if (existsSync(path.join(folder, 'package.json'))) return folder
  const parent = path.dirname(folder)
  return parent === folder ? folder : packageRoot(parent)
}

/** Builds another k6, for a test alone. */
const NO_PART = path.join('internal', 'stock') + path.sep

export interface SourceFile {
  name: string
  bytes: Buffer
}

/** Everything that a build depends on, by name; null when there is no module. */
export async function readSources(folder: string): Promise<SourceFile[] | null> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith(NO_PART))
    .filter((name) => name === 'go.mod' || name === 'go.sum' || (name.endsWith('.go') && !name.endsWith('_test.go')))
    .toSorted()
  if (!names.includes('go.mod')) return null
  return Promise.all(names.map(async (name) => ({ name, bytes: await readFile(path.join(folder, name)) })))
}

/** `go 1.25.0` of go.mod: no older Go can build it. */
export function neededGo(files: readonly SourceFile[]): [number, number] {
  const text = files.find(({ name }) => name === 'go.mod')?.bytes.toString() ?? ''
  const match = /^go (\d+)\.(\d+)/m.exec(text)
  return match === null ? [1, 25] : [Number(match[1]), Number(match[2])]
}

/** Same sources, same Go, same platform: the same binary. `go` is what `go version` prints. */
export function cacheKey(files: readonly SourceFile[], go: string): string {
  const hash = createHash('sha256')
  // With lengths, so that nothing can move from one part to the next unseen.
  const add = (part: string | Buffer) => hash.update(`${Buffer.byteLength(part)}\n`).update(part)
  add(go)
  for (const { name, bytes } of files) {
    add(name)
    add(bytes)
  }
  return hash.digest('hex')
}
