package transport

import (
	"fmt"

	"github.com/redirectd/redirectd/internal/edge/message"
)

const (
	framerSmall = 4 << 10 // what a silent connection costs
	framerLarge = message.MaxSize
)

// framer cuts the bytes of a stream into messages (RFC 3261 section 18.3) and
// line ends between them (RFC 5626 section 4.4.1). Its buffer grows as a message
// needs it, to framerLarge at most, and shrinks again.
type framer struct {
	buf        []byte
	start, end int  // what has been read and not yet been cut
	halfPing   bool // one CRLF of a double one has been seen
}

// space is where to read into. It is never empty, and ends the life of the
// message that next returned.
func (f *framer) space() []byte {
	held := f.end - f.start
	switch {
	case held == 0 && len(f.buf) != framerSmall:
		f.buf = make([]byte, framerSmall)
	case held == len(f.buf):
		grown := make([]byte, min(2*len(f.buf), framerLarge))
		copy(grown, f.buf[f.start:f.end])
		f.buf = grown
	case f.start > 0:
		copy(f.buf, f.buf[f.start:f.end])
	}
	f.start, f.end = 0, held
	return f.buf[f.end:]
}

// filled says that n bytes of space have been read into.
func (f *framer) filled(n int) { f.end += n }

// next returns the next message, or nil when more must be read, and how many
// double CRLFs stood before it. After an error the stream cannot be read on.
func (f *framer) next() (msg []byte, pings int, err error) {
	pings = f.skipLineEnds()
	b := f.rest()
	if len(b) == 0 || len(b) == 1 && b[0] == '\r' {
		return nil, pings, nil
	}
	n, err := message.FrameLength(b)
	switch {
	case err != nil:
		return nil, pings, err
	case n > len(b) || n == 0 && len(b) >= framerLarge:
		return nil, pings, fmt.Errorf("message is not complete after %d bytes: %w", len(b), message.ErrTooLarge)
	case n == 0:
		return nil, pings, nil
	}
	f.start += n
	f.halfPing = false
	return b[:n], pings, nil
}

func (f *framer) skipLineEnds() (pings int) {
	for f.end-f.start >= 2 && f.buf[f.start] == '\r' && f.buf[f.start+1] == '\n' {
		f.start += 2
		if f.halfPing {
			pings++
		}
		f.halfPing = !f.halfPing
	}
	return pings
}

// rest is what has been read and not been cut.
func (f *framer) rest() []byte { return f.buf[f.start:f.end] }

// partial reports whether the beginning of a message is held.
func (f *framer) partial() bool { return f.end > f.start }
