import type { Series } from '../model/record.ts'
import { US_PER_SECOND } from '../model/units.ts'
import { Collector } from './collector.ts'
import type { SessionResult } from './session-types.ts'

/** Sessions follow one another in time, so their phases and windows are laid end to end. */
export function joinCollectors(sessions: readonly SessionResult[]): Collector {
  const joined = new Collector(1, () => sessions[0]?.startAt ?? 0, null)
  for (const { collector } of sessions) {
    joined.phases.push(...collector.phases)
    joined.windows.push(...collector.windows)
  }
  return joined
}

export function joinSeries(sessions: readonly SessionResult[]): Series {
  const startUs = sessions[0]?.startAt ?? 0
  const joined: Series = { startUs, intervalUs: US_PER_SECOND, columns: {} }
  for (const session of sessions) {
    const { columns } = session.collector.series()
    const offset = Math.round((session.startAt - startUs) / US_PER_SECOND)
    for (const [name, values] of Object.entries(columns)) {
      const column = (joined.columns[name] ??= [])
      while (column.length < offset) column.push(null)
      // One by one: a run of days has more seconds than a call may have arguments.
      for (const value of values.slice(column.length - offset)) column.push(value)
    }
  }
  return joined
}
