import type { Reading } from './probe.ts'

/** How many there are of each name. Names do not come and go: one that was there once stands at 0 when it is gone. */
export class NamedCounts {
  private readonly group: string
  private readonly names: Set<string>

  /** `group` stands in front of each name; those of `always` are shown from the first sample on. */
  constructor(group: string, always: readonly string[]) {
    this.group = group
    this.names = new Set(always)
  }

  readings(counts: ReadonlyMap<string, number>): Reading[] {
    for (const name of counts.keys()) this.names.add(name)
    return [...this.names].map((name) => ({ ...this.reading(name), value: counts.get(name) ?? 0 }))
  }

  /** All names seen so far, without values. */
  unread(why: string): Reading[] {
    return [...this.names].map((name) => ({ ...this.reading(name), value: null, why }))
  }

  private reading(name: string): Omit<Reading, 'value'> {
    return { name: `${this.group} ${name}`, unit: 'count', kind: 'count' }
  }
}

export function tally(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
