/** The text is not a heap snapshot, or not a whole one. */
export class SnapshotError extends Error {
  constructor(what: string) {
    super(`heap snapshot: ${what}`)
    this.name = 'SnapshotError'
  }
}

/** How a flat array of numbers is cut into rows. */
export interface Layout {
  /** Names of the numbers of one row, in their order. */
  readonly fields: readonly string[]
  /** What the number in the field `type` means. */
  readonly types: readonly string[]
  readonly rows: number
}

export interface Layouts {
  readonly nodes: Layout
  readonly edges: Layout
}

const NODE_FIELDS = ['type', 'name', 'id', 'self_size', 'edge_count']
const EDGE_FIELDS = ['type', 'name_or_index', 'to_node']

/** More rows than a process that can write a snapshot has; a larger number is a broken file and not a reason to allocate. */
const MOST_ROWS = 2 ** 29

/**
 * The value of `snapshot`, the first member of the file. The fields differ between releases of V8 (`trace_node_id`,
 * `detachedness`), so their places are read here and those that nobody asks for are passed over.
 */
export function readLayouts(text: string): Layouts {
  const found = objectOf(parse(text), 'snapshot')
  const meta = objectOf(found['meta'], 'snapshot.meta')
  return {
    nodes: layoutOf(meta, 'node', found['node_count'], NODE_FIELDS),
    edges: layoutOf(meta, 'edge', found['edge_count'], EDGE_FIELDS),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new SnapshotError('its member "snapshot" is not JSON')
  }
}

function layoutOf(meta: Record<string, unknown>, kind: string, rows: unknown, needed: readonly string[]): Layout {
  const fields = textsOf(meta[`${kind}_fields`], `${kind}_fields`)
  const missing = needed.find((field) => !fields.includes(field))
  if (missing !== undefined) throw new SnapshotError(`${kind}_fields has no "${missing}"`)
  const types: unknown = meta[`${kind}_types`]
  const names: unknown = Array.isArray(types) ? types[fields.indexOf('type')] : null
  if (typeof rows !== 'number' || !Number.isInteger(rows) || rows < 0 || rows > MOST_ROWS)
    throw new SnapshotError(`${kind}_count is ${String(rows)}`)
  return { fields, types: textsOf(names, `${kind}_types`), rows }
}

function objectOf(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new SnapshotError(`${name} is not an object`)
  return value as Record<string, unknown>
}

function textsOf(value: unknown, name: string): string[] {
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string'))
    throw new SnapshotError(`${name} is not a list of names`)
  return value
}
