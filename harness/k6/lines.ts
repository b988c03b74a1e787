/** Text in pieces, as a pipe gives it -> whole lines, however long; the last one needs no line end. */
export class LineSplitter {
  private readonly pieces: string[] = []
  private readonly onLine: (line: string) => void

  constructor(onLine: (line: string) => void) {
    this.onLine = onLine
  }

  write(text: string): void {
    let from = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      // Pieces are joined once a line: adding each to one string would scan a long line again with every piece.
      this.pieces.push(text.slice(from, end))
      const line = this.pieces.join('')
      this.pieces.length = 0
      from = end + 1
      if (line !== '') this.onLine(line)
    }
    if (from < text.length) this.pieces.push(text.slice(from))
  }

  end(): void {
    const line = this.pieces.join('')
    this.pieces.length = 0
    if (line !== '') this.onLine(line)
  }
}
