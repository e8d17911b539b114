package message

// digits reads a number without sign. Everything above 2^40 reads as about
// that: no number in SIP is as large.
func digits[T string | []byte](s T) (n uint64, ok bool) {
	for i := range len(s) {
		c := s[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		if n < 1<<40 {
			n = n*10 + uint64(c-'0')
		}
	}
	return n, len(s) > 0
}

func (m *Message) readCallID(f *field) {
	if f.val == f.valEnd {
		m.bad("Bad Call-ID", "Call-ID is empty")
		return
	}
	m.readable |= readCallID
}

// readCSeq reads "4711 INVITE" (20.16). Its number is less than 2^31 (8.1.1.5).
func (m *Message) readCSeq(f *field) {
	v := m.head[f.val:f.valEnd]
	i := 0
	for i < len(v) && !isLWS(v[i]) {
		i++
	}
	from, _ := trimLWS(v, i, len(v))
	n, ok := digits(v[:i])
	if !ok || !isToken(v[from:]) {
		m.bad("Bad CSeq", "CSeq is %q, want a number and a method", clip(v))
		return
	}
	m.readable |= readCSeq
	m.cseqMethod = intern(v[from:])
	if n >= 1<<31 {
		m.bad("Bad CSeq", "CSeq number is %s, want less than 2147483648", clip(v[:i]))
		return
	}
	m.cseq = uint32(n)
}

func (m *Message) readMaxForwards(f *field) {
	v := m.head[f.val:f.valEnd]
	n, ok := digits(v)
	if !ok || n > 255 {
		m.bad("Bad Max-Forwards", "Max-Forwards is %q, want 0 to 255", clip(v))
		return
	}
	m.maxForwards = int(n)
}

func (m *Message) readContentLength(f *field) {
	v := m.head[f.val:f.valEnd]
	n, ok := digits(v)
	if !ok {
		m.bad("Bad Content-Length", "Content-Length is %q, want a number", clip(v))
		return
	}
	m.contentLength = int(n)
}
