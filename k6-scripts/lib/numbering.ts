/**
 * Follows the ids of one stream over its reconnects and finds what is missing or comes again. The ids have to be whole
 * numbers that go up by one.
 */
export class Numbering {
  lost = 0
  repeated = 0
  private last: number | null = null

  see(id: string): void {
    // Of an id that is no number nobody can say what is missing before it.
    const number = /^\d+$/.test(id) ? Number(id) : NaN
    if (!Number.isSafeInteger(number)) return
    if (this.last !== null && number <= this.last) {
      this.repeated += 1
      return
    }
    if (this.last !== null) this.lost += number - this.last - 1
    this.last = number
  }
}
