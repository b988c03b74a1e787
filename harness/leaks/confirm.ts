import type { BytesRule } from './bytes-rule.ts'
import { BYTES_RULE } from './bytes-rule.ts'
import type { Growth, MeasuredSignal, SignalVerdict } from './signal.ts'
import { shown } from './signal.ts'
import { judgeSignal } from './verdict.ts'

/** How many times the clients the second measurement must have. */
const MORE_CLIENTS = 2
/**
 * With twice the clients, what each connection leaves behind stays the same per connection, and what each cycle leaves behind
 * halves. From three quarters on the former is nearer.
 */
const LEAST_RATIO = 0.75
const MOST_RATIO = 1.5

/**
 * The verdict on a signal that was measured once more with twice the clients or more. What a connection leaves behind scales
 * with them: the slope per connection stays, within the two intervals or nearly. What comes of warming up, of time or of the
 * cycles themselves does not, and what disagrees is undecided.
 *
 * A leak needs both measurements: the second convicts, and the first at least points the same way. A first that was undecided
 * is settled by a second that is clean. The numbers are those of the second, which sees more. Throws a RangeError when the
 * second had fewer than twice the clients.
 */
export function confirm(first: MeasuredSignal, second: MeasuredSignal, bytes: BytesRule = BYTES_RULE): SignalVerdict {
  const [few, many] = [first.connectionsPerCycle, second.connectionsPerCycle]
  if (many < MORE_CLIENTS * few)
    throw new RangeError(`${many} clients confirm nothing about ${few}: take ${MORE_CLIENTS} times as many`)
  const [one, two] = [judgeSignal(first, bytes), judgeSignal(second, bytes)]
  if (two.verdict === 'informative') return two
  const rule = `${two.rule}; and it must be the same with ${MORE_CLIENTS} times the clients`
  const doubt = doubtOf(one, two, first.kind, bytes.floor)
  if (doubt !== null) {
    const why = `${doubt}: with ${few} clients ${one.why}; with ${many} ${two.why}`
    return { ...two, verdict: 'undecided', why, rule, power: null }
  }
  if (two.verdict !== 'leak' || one.perConnection === null || two.perConnection === null) return { ...two, rule }
  const sizes = `${shown(one.perConnection.slope)} per connection with ${few} clients, ${shown(two.perConnection.slope)} with ${many}`
  return { ...two, why: `confirmed (${sizes}): ${two.why}`, rule }
}

/** What keeps two measurements from being one verdict; null when nothing does. */
function doubtOf(one: SignalVerdict, two: SignalVerdict, kind: MeasuredSignal['kind'], floor: number): string | null {
  if (two.verdict === 'undecided') return 'not confirmed'
  if (two.verdict === 'clean') return one.verdict === 'leak' ? 'not confirmed' : null
  if (one.verdict === 'clean') return 'only seen with more clients'
  // What must return to the unit has no noise that its scale could be told from.
  if (kind === 'exact' || kind === 'gauge') return one.verdict === 'leak' ? null : 'only seen with more clients'
  const [before, after] = [one.perConnection, two.perConnection]
  if (before === null || after === null) return 'the slopes cannot be compared'
  if (before.slope <= (kind === 'bytes' ? floor : 0)) return 'only seen with more clients'
  return scales(before, after) ? null : 'it does not scale with the clients'
}

function scales(before: Growth, after: Growth): boolean {
  const ratio = after.slope / before.slope
  const overlap = after.low <= before.high && after.high >= before.low
  return overlap || (ratio >= LEAST_RATIO && ratio <= MOST_RATIO)
}
