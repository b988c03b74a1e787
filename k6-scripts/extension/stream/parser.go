package stream

import "bytes"

// DefaultLimit is the longest line, and the longest data of one event, in bytes.
const DefaultLimit = 16 << 20

const byteOrderMark = "\xef\xbb\xbf"

// Parser finds events in the bytes of a body, however it is cut into chunks. It works on bytes: every delimiter is ASCII,
// so cutting before decoding gives what decoding before cutting gives. Whole events in one chunk are not allocated for,
// and a retained buffer is small. For one goroutine.
type Parser struct {
	sink  Sink
	limit int
	block block
	// The line that the last chunk did not finish; empty when there is none.
	partial []byte
	// Bytes of a leading byte order mark seen so far; its length once that question is settled.
	bom    int
	skipLF bool
	closed bool
}

// NewParser makes a parser that reports to sink. The limit is in bytes; lastEventID is the id of an event from before
// this stream, or empty.
func NewParser(sink Sink, limit int, lastEventID string) *Parser {
	p := &Parser{sink: sink, limit: limit, block: block{sink: sink, limit: limit}}
	p.block.last.set([]byte(lastEventID))
	return p
}

// LastEventID is what a reconnect sends. Empty when there is no id, or the server took it back.
func (p *Parser) LastEventID() string {
	return p.block.last.text()
}

// Close takes no more bytes, and dispatches nothing more of the chunk that is being parsed.
func (p *Parser) Close() {
	p.closed = true
	p.partial = nil
	p.block.clear()
}

// Reset begins a new body. An unfinished block is dropped with its id, as 9.2.6 does at the end of the stream; the last
// event ID stays, as it does in browsers (web platform tests, eventsource/format-field-id-2).
func (p *Parser) Reset() {
	p.Close()
	p.closed = false
	p.bom = 0
	p.skipLF = false
}

// Push parses the next bytes of the body. The chunk may be overwritten after the call.
func (p *Parser) Push(chunk []byte) {
	if p.closed {
		return
	}
	at := 0
	if p.bom < len(byteOrderMark) {
		at = p.skipBOM(chunk)
	}
	if p.skipLF && at < len(chunk) {
		p.skipLF = false
		if chunk[at] == '\n' {
			at++
		}
	}
	at = p.lines(chunk, at)
	p.block.leave()
	if !p.closed && at < len(chunk) {
		p.keep(chunk[at:])
	}
}

// lines processes the lines that end in the chunk and returns where the rest begins.
func (p *Parser) lines(chunk []byte, at int) int {
	// Each is looked up once and again only when passed: a chunk without CR pays one failed search, not one a line.
	lf, cr := -1, -1
	for at < len(chunk) && !p.closed {
		if lf < at {
			lf = find(chunk, '\n', at)
		}
		if cr < at {
			cr = find(chunk, '\r', at)
		}
		end := min(lf, cr)
		if end == len(chunk) {
			break
		}
		p.endLine(chunk[at:end])
		at = end + 1
		// LF, CR and CRLF end a line (9.2.5). A CR ends it at once, so that an event need not wait for the next byte; an
		// LF behind it is skipped, in the next chunk too.
		if end == cr {
			if at == len(chunk) {
				p.skipLF = true
			} else if chunk[at] == '\n' {
				at++
			}
		}
	}
	return at
}

// find is the place of the byte at or behind at, the chunk's length when it is not there.
func find(chunk []byte, wanted byte, at int) int {
	if chunk[at] == wanted {
		return at
	}
	if index := bytes.IndexByte(chunk[at:], wanted); index >= 0 {
		return at + index
	}
	return len(chunk)
}

func (p *Parser) endLine(line []byte) {
	if len(p.partial)+len(line) > p.limit {
		p.overflow()
		return
	}
	if len(p.partial) > 0 {
		line = append(p.partial, line...)
		// The block may have ranges of it until the chunk ends; only after that a new partial line is begun.
		p.partial = nil
		if cap(line) <= mostKept {
			p.partial = line[:0]
		}
	}
	if len(line) == 0 {
		p.block.end()
	} else if !p.block.line(line) {
		p.overflow()
	}
}

func (p *Parser) keep(rest []byte) {
	if len(p.partial)+len(rest) > p.limit {
		p.overflow()
		return
	}
	p.partial = append(p.partial, rest...)
}

// skipBOM returns where the chunk's first line begins: one leading byte order mark is ignored (9.2.5), and it may come in
// pieces.
func (p *Parser) skipBOM(chunk []byte) int {
	for at := range chunk {
		if chunk[at] != byteOrderMark[p.bom] {
			// What looked like one in an earlier chunk was the beginning of a line.
			before := p.bom - at
			p.bom = len(byteOrderMark)
			if before > 0 {
				p.keep([]byte(byteOrderMark[:before]))
			}
			return 0
		}
		p.bom++
		if p.bom == len(byteOrderMark) {
			return at + 1
		}
	}
	return len(chunk)
}

func (p *Parser) overflow() {
	p.Close()
	p.sink.Overflow()
}
