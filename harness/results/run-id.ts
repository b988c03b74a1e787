/**
 * `20261123-171530-412-a1b2c3`: UTC to the millisecond, so that folders sort by time everywhere, then a drawn tail that
 * keeps two runs of one millisecond apart.
 * @param random draws in [0, 1); not the run's seeded one, or equal seeds would make equal tails
 */
export function newRunId(date: Date, random: () => number): string {
  const [day = '', time = ''] = date.toISOString().split('T')
  const tail = Math.floor(random() * 0x1_00_00_00)
  const clock = time.replace('Z', '').replaceAll(':', '').replace('.', '-')
  return `${day.replaceAll('-', '')}-${clock}-${tail.toString(16).padStart(6, '0')}`
}

/** Whether the text may name a folder: an id comes from a file too, and must not lead out of the reports folder. */
export function isRunId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(text)
}
