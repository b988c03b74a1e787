/** What a resumed reader needs: its numbered item and what it weighs. */
export interface Numbered {
  readonly seq: number
}

/** Keeps the newest consecutively numbered items, bounded by number and by bytes. */
export class ReplayBuffer<T extends Numbered> {
  /** Item `seq` lives at `(seq - 1) % capacity`, so that finding one is arithmetic. */
  readonly #ring: (T | undefined)[] = []
  readonly #capacity: number
  readonly #maxBytes: number
  readonly #bytesOf: (item: T) => number
  #bytes = 0
  #oldest = 1
  #newest = 0

  constructor(capacity: number, maxBytes: number, bytesOf: (item: T) => number) {
    this.#capacity = capacity
    this.#maxBytes = maxBytes
    this.#bytesOf = bytesOf
  }

  /** Number of the oldest item kept; one more than the newest when nothing is. */
  get oldest(): number {
    return this.#oldest
  }

  /** Items must come in order: 1, 2, 3, ... */
  push(item: T): void {
    this.#newest = item.seq
    if (this.#capacity > 0) {
      if (item.seq - this.#oldest >= this.#capacity) this.#forgetOldest()
      this.#ring[this.#index(item.seq)] = item
      this.#bytes += this.#bytesOf(item)
      while (this.#bytes > this.#maxBytes) this.#forgetOldest()
    } else this.#oldest = item.seq + 1
  }

  /** The items after `seq`, oldest first; starts at `oldest` when those directly after it are gone. */
  after(seq: number): T[] {
    const items: T[] = []
    for (let n = Math.max(seq + 1, this.#oldest); n <= this.#newest; n++) items.push(this.#ring[this.#index(n)] as T)
    return items
  }

  #index(seq: number): number {
    return (seq - 1) % this.#capacity
  }

  #forgetOldest(): void {
    const index = this.#index(this.#oldest++)
    this.#bytes -= this.#bytesOf(this.#ring[index] as T)
    this.#ring[index] = undefined
  }
}
