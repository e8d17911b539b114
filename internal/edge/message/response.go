package message

import (
	"net/netip"
	"strconv"
)

// Header is a header field to add to a message of our own.
type Header struct{ Name, Value string }

// Response appends a response to req to dst: its Vias as they came, the topmost
// with received and rport if src is valid; From, To, Call-ID and CSeq (8.2.6.2);
// then headers and "Content-Length: 0". To gets toTag if it has no tag and the
// status is not 100. A 100 has the request's Timestamp (8.2.6.1). An empty
// reason is the standard one. req must be [Message.Answerable]; it may be one
// that Parse refused.
func Response(dst []byte, req *Message, src netip.AddrPort, status int, reason, toTag string, headers ...Header) []byte {
	s := splice{dst: dst, raw: req.raw}
	s.dst = append(s.dst, "SIP/2.0 "...)
	s.number(status)
	s.dst = append(s.dst, ' ')
	if reason == "" {
		reason = ReasonPhrase(status)
	}
	s.dst = appendClean(s.dst, reason)
	s.dst = append(s.dst, "\r\n"...)
	for i := range req.fields {
		if f := &req.fields[i]; f.id == idVia {
			s.via(req, i, src)
		}
	}
	s.copyField(req, idFrom, "")
	if status <= 100 || req.hasToTag {
		toTag = ""
	}
	s.copyField(req, idTo, toTag)
	s.copyField(req, idCallID, "")
	s.copyField(req, idCSeq, "")
	if status == 100 {
		if v, ok := req.Header("Timestamp"); ok {
			s.line("Timestamp", v)
		}
	}
	for _, h := range headers {
		s.line(h.Name, h.Value)
	}
	return append(s.dst, "Content-Length: 0\r\n\r\n"...)
}

// via copies the Via field with that index, marked if it is the topmost.
func (s *splice) via(m *Message, i int, src netip.AddrPort) {
	f := &m.fields[i]
	start := len(s.dst)
	s.pos = int(f.start)
	if int(m.first[idVia]) == i+1 && src.IsValid() {
		s.mark(m, src)
	}
	s.endField(m, f, start)
}

// copyField copies the first field of that id, with a tag if one is given.
func (s *splice) copyField(m *Message, id headerID, tag string) {
	i := m.first[id]
	if i == 0 {
		return
	}
	f := &m.fields[i-1]
	start := len(s.dst)
	s.pos = int(f.start)
	if tag != "" {
		s.copyTo(int(f.valEnd))
		s.dst = append(s.dst, ";tag="...)
		s.dst = appendClean(s.dst, tag)
	}
	s.endField(m, f, start)
}

// endField copies the rest of a field that begins at dst[start:]. Of a message
// that was refused for its line ends, it becomes one clean line.
func (s *splice) endField(m *Message, f *field, start int) {
	if !m.unclean {
		s.copyTo(int(f.end))
		return
	}
	s.copyTo(int(f.valEnd))
	clean(s.dst[start:])
	s.dst = append(s.dst, "\r\n"...)
}

// cseq writes a CSeq with the number of m and another method.
func (s *splice) cseq(m *Message, method string) {
	s.dst = append(s.dst, "CSeq: "...)
	s.dst = strconv.AppendUint(s.dst, uint64(m.cseq), 10)
	s.dst = append(s.dst, ' ')
	s.dst = append(s.dst, method...)
	s.dst = append(s.dst, "\r\n"...)
}
