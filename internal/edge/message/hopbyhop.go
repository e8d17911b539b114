package message

// Ack appends to dst the ACK for resp, a final response other than 2xx to
// invite (17.1.1.3). invite is the INVITE as it was sent: the ACK has its
// Request-URI, topmost Via only, Route, From, Call-ID and CSeq number; and the
// To of the response.
func Ack(dst []byte, invite, resp *Message) []byte {
	return hopByHop(dst, "ACK", invite, resp)
}

// Cancel appends to dst the CANCEL for invite as it was sent (9.1), with its To.
func Cancel(dst []byte, invite *Message) []byte {
	return hopByHop(dst, "CANCEL", invite, invite)
}

func hopByHop(dst []byte, method string, sent, to *Message) []byte {
	s := splice{dst: dst, raw: sent.raw}
	s.dst = append(s.dst, method...)
	s.dst = append(s.dst, ' ')
	s.dst = append(s.dst, sent.uri...)
	s.dst = append(s.dst, " SIP/2.0\r\n"...)
	s.topVia(sent)
	for i := range sent.fields {
		if f := &sent.fields[i]; f.id == idRoute {
			s.pos = int(f.start)
			s.copyTo(int(f.end))
		}
	}
	s.dst = append(s.dst, "Max-Forwards: 70\r\n"...)
	s.copyField(sent, idFrom, "")
	s.raw = to.raw
	s.copyField(to, idTo, "")
	s.raw = sent.raw
	s.copyField(sent, idCallID, "")
	s.cseq(sent, method)
	return append(s.dst, "Content-Length: 0\r\n\r\n"...)
}

// topVia writes a Via field with the topmost value of m alone.
func (s *splice) topVia(m *Message) {
	i := m.first[idVia]
	if i == 0 {
		return
	}
	f := &m.fields[i-1]
	v, _ := m.firstValue(f)
	s.pos = int(f.start)
	s.copyTo(int(f.val))
	s.pos = v.start
	s.copyTo(v.end)
	s.dst = append(s.dst, "\r\n"...)
}
