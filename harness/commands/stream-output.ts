import type { Throttle } from '../client/profiles/profile.ts'

/**
 * Lines to stdout. What is written in one turn goes out in one piece; a reader that is slow holds the stream back, and one
 * that is gone (`| head`) ends it.
 */
export class StreamOutput {
  readonly #out: NodeJS.WriteStream
  #stream: Throttle | null = null
  #pending = ''

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
  }

  attach(stream: Throttle, onGone: () => void): void {
    this.#stream = stream
    this.#out.on('drain', () => stream.resume())
    this.#out.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      onGone()
    })
  }

  line(text: string): void {
    if (this.#pending === '') queueMicrotask(() => this.flush())
    this.#pending += `${text}\n`
  }

  flush(): void {
    const text = this.#pending
    this.#pending = ''
    if (text !== '' && !this.#out.write(text)) this.#stream?.pause()
  }
}
