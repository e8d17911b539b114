package message

import "strconv"

// splice copies a message to dst piece by piece, with changes in between.
type splice struct {
	dst []byte
	raw []byte
	pos int // what is before it was copied or left out
}

// copyTo copies all up to offset to.
func (s *splice) copyTo(to int) {
	if to > s.pos {
		s.dst = append(s.dst, s.raw[s.pos:to]...)
		s.pos = to
	}
}

// drop copies all up to from, and leaves out what is between from and to.
func (s *splice) drop(from, to int) {
	s.copyTo(from)
	s.pos = max(s.pos, to)
}

// line adds a header field.
func (s *splice) line(name, value string) {
	s.dst = append(s.dst, name...)
	s.dst = append(s.dst, ": "...)
	s.dst = appendClean(s.dst, value)
	s.dst = append(s.dst, "\r\n"...)
}

func (s *splice) number(n int) { s.dst = strconv.AppendInt(s.dst, int64(n), 10) }

// appendClean appends text that cannot end the line it stands in.
func appendClean(dst []byte, s string) []byte {
	start := len(dst)
	dst = append(dst, s...)
	clean(dst[start:])
	return dst
}

func clean(b []byte) {
	for i, c := range b {
		if c == '\r' || c == '\n' || c == 0 {
			b[i] = ' '
		}
	}
}
