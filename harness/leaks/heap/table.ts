import type { Layout } from './layout.ts'
import { SnapshotError } from './layout.ts'

type Column = Uint8Array | Uint32Array | Float64Array

const MOST_UINT32 = 2 ** 32 - 1

/** Takes the numbers of `nodes` or `edges` one by one and puts those that are wanted into columns. */
export class Table {
  readonly #name: string
  readonly #rows: number
  readonly #columns: (Column | null)[]
  /** Per field: what a larger number than this would lose in its column. */
  readonly #limits: number[]
  #row = 0
  #field = 0

  constructor(name: string, layout: Layout, columns: Readonly<Record<string, Column>>) {
    this.#name = name
    this.#rows = layout.rows
    this.#columns = layout.fields.map((field) => columns[field] ?? null)
    this.#limits = layout.fields.map((field) => {
      if (field === 'type') return layout.types.length - 1
      return columns[field] instanceof Uint32Array ? MOST_UINT32 : Number.MAX_SAFE_INTEGER
    })
  }

  push(value: number): void {
    const field = this.#field
    if (this.#row === this.#rows) throw new SnapshotError(`more ${this.#name} than the ${this.#rows} announced`)
    if (value > this.#limits[field]!)
      throw new SnapshotError(`${value} in field ${field} of row ${this.#row} of ${this.#name}`)
    const column = this.#columns[field]
    if (column != null) column[this.#row] = value
    if (field + 1 < this.#columns.length) this.#field = field + 1
    else {
      this.#field = 0
      this.#row += 1
    }
  }

  /** Throws `SnapshotError` when rows are missing. */
  finish(): void {
    if (this.#row !== this.#rows || this.#field !== 0)
      throw new SnapshotError(`${this.#row} of ${this.#rows} ${this.#name}`)
  }
}
