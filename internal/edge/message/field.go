package message

import (
	"iter"
	"strings"
)

// field is a header field in the head: name, colon, value, with all its folded
// lines. Offsets fit because a message has at most 65,535 bytes.
type field struct {
	start, nameEnd uint16 // the name
	val, valEnd    uint16 // the value, without white space around it
	end            uint16 // after the line end
	id             headerID
	folded         bool
}

// addField indexes the field in head[start:end] and reads it if it is one that
// a proxy acts on.
func (m *Message) addField(start, end, next int, folded bool) {
	nameEnd := start
	for nameEnd < end && tokenChar[m.head[nameEnd]] {
		nameEnd++
	}
	colon := nameEnd
	for colon < end && isWSP(m.head[colon]) {
		colon++
	}
	if nameEnd == start || colon == end || m.head[colon] != ':' {
		m.bad("Bad Header Field", "header field %q does not begin with a name and a colon", clip(m.head[start:end]))
		return
	}
	val, valEnd := trimLWS(m.head, colon+1, end)
	f := field{
		start: uint16(start), nameEnd: uint16(nameEnd), val: uint16(val), valEnd: uint16(valEnd),
		end: uint16(next), id: identify(m.head[start:nameEnd]), folded: folded,
	}
	m.fields = append(m.fields, f)
	if f.id == idOther {
		return
	}
	if m.first[f.id] == 0 {
		m.first[f.id] = uint16(len(m.fields))
		m.read(&f)
		return
	}
	switch f.id {
	case idFrom, idTo, idCallID, idCSeq, idMaxForwards, idContentLength:
		m.bad("Repeated "+idNames[f.id], "message has more than one %s", idNames[f.id])
	}
}

func (m *Message) read(f *field) {
	switch f.id {
	case idVia:
		m.readTopVia(f)
	case idFrom, idTo:
		m.readTag(f)
	case idCallID:
		m.readCallID(f)
	case idCSeq:
		m.readCSeq(f)
	case idMaxForwards:
		m.readMaxForwards(f)
	case idContentLength:
		m.readContentLength(f)
	}
}

func (m *Message) name(f *field) string { return m.head[f.start:f.nameEnd] }

// value returns the value of f, unfolded.
func (m *Message) value(f *field) string { return m.text(f, int(f.val), int(f.valEnd)) }

// text returns a part of f, unfolded. It allocates only if there is a fold.
func (m *Message) text(f *field, start, end int) string {
	s := m.head[start:end]
	if f.folded || m.unclean {
		return unfold(s)
	}
	return s
}

// Header returns the unfolded value of the first header field of that name,
// unsplit. The name is the long one, in any case.
func (m *Message) Header(name string) (value string, ok bool) {
	n := nameOf(name)
	for i := range m.fields {
		if f := &m.fields[i]; m.has(f, n) {
			return m.value(f), true
		}
	}
	return "", false
}

// Fields yields every header field in order: the name as received, or the long
// one of a compact form, and the unfolded value.
func (m *Message) Fields() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for i := range m.fields {
			f := &m.fields[i]
			if !yield(longName(m.name(f)), m.value(f)) {
				return
			}
		}
	}
}

func isWSP(c byte) bool { return c == ' ' || c == '\t' }

// isLWS reports white space inside a header field, where every CR and LF
// belongs to a fold.
func isLWS(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// trimLWS returns the part of s[start:end] without white space around it.
func trimLWS(s string, start, end int) (from, to int) {
	for start < end && isLWS(s[start]) {
		start++
	}
	for end > start && isLWS(s[end-1]) {
		end--
	}
	return start, end
}

// unfold makes one space of every fold (7.3.1), and of every other line end.
func unfold(s string) string {
	if strings.IndexByte(s, '\n') < 0 && strings.IndexByte(s, '\r') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\r', '\n':
			for len(b) > 0 && isWSP(b[len(b)-1]) {
				b = b[:len(b)-1]
			}
			for i+1 < len(s) && isLWS(s[i+1]) {
				i++
			}
			b = append(b, ' ')
		default:
			b = append(b, c)
		}
	}
	return string(b)
}
