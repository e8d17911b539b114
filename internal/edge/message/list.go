package message

// Values returns every value of a list header field (Via, Route, Contact,
// Require and so on) of all fields of that name: split at commas outside quotes
// and angle brackets, unfolded, trimmed. Empty values are skipped. The name is
// the long one, in any case.
func (m *Message) Values(name string) []string {
	n := nameOf(name)
	var values []string
	for i := range m.fields {
		f := &m.fields[i]
		if !m.has(f, n) {
			continue
		}
		for v, ok := m.firstValue(f); ok; v, ok = m.nextValue(f, v) {
			values = append(values, m.text(f, v.start, v.end))
		}
	}
	return values
}

// ViaCount returns the number of Via values, over all its fields.
func (m *Message) ViaCount() int { return m.count(idVia) }

func (m *Message) count(id headerID) int {
	n := 0
	for i := range m.fields {
		f := &m.fields[i]
		if f.id != id {
			continue
		}
		for v, ok := m.firstValue(f); ok; v, ok = m.nextValue(f, v) {
			n++
		}
	}
	return n
}

// listValue is where one value of a list is in the head.
type listValue struct{ start, end, next int }

func (m *Message) firstValue(f *field) (listValue, bool) {
	return m.nextValue(f, listValue{next: int(f.val)})
}

// nextValue returns the value after v; ok is false at the end of the field.
func (m *Message) nextValue(f *field, v listValue) (next listValue, ok bool) {
	s, pos, end := m.head, v.next, int(f.valEnd)
	for pos < end && (s[pos] == ',' || isLWS(s[pos])) {
		pos++
	}
	if pos >= end {
		return listValue{}, false
	}
	comma := valueEnd(s, pos, end)
	_, stop := trimLWS(s, pos, comma)
	return listValue{pos, stop, comma}, true
}

// valueEnd returns the end of the list value at pos: a comma, or the end. What
// opens a quote or a bracket and does not close it takes all that follows.
func valueEnd(s string, pos, end int) int {
	for pos < end {
		switch s[pos] {
		case ',':
			return pos
		case '"':
			pos = quoteEnd(s, pos, end)
		case '<':
			pos = bracketEnd(s, pos, end)
		default:
			pos++
		}
	}
	return end
}

// quoteEnd returns the position after the quoted string at pos; end+1 if it
// does not close.
func quoteEnd(s string, pos, end int) int {
	for pos++; pos < end; pos++ {
		switch s[pos] {
		case '\\':
			pos++
		case '"':
			return pos + 1
		}
	}
	return end + 1
}

// bracketEnd returns the position after the ">" for the "<" at pos; end+1 if
// there is none.
func bracketEnd(s string, pos, end int) int {
	for ; pos < end; pos++ {
		if s[pos] == '>' {
			return pos + 1
		}
	}
	return end + 1
}
