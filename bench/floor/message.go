package floor

import (
	"bytes"
	"strconv"
)

// message is a datagram and where in it the headers are that a relay needs.
type message struct {
	bytes              []byte
	status             int    // 0: a request
	method             []byte // of a response: that of its CSeq
	uri                []byte
	via, viaEnd        int // the first Via, with its line end
	hops, hopsEnd      int // the value of Max-Forwards
	branch             []byte
	from, to, id, cseq []byte // whole lines
	contacts           [][]byte
	inDialog           bool // To has a tag
}

// parse reads a datagram that is well-formed and has no compact names, as those
// of the benchmark are.
func (m *message) parse(b []byte) bool {
	*m = message{bytes: b, via: -1, contacts: m.contacts[:0]}
	end := bytes.IndexByte(b, '\n')
	if end < 12 || !m.startLine(b[:end-1]) {
		return false
	}
	for at := end + 1; ; {
		n := bytes.IndexByte(b[at:], '\n') + 1
		if n == 0 {
			return false
		}
		if n <= 2 {
			return m.via >= 0 && len(m.branch) > 0
		}
		m.header(b[at:at+n], at)
		at += n
	}
}

func (m *message) startLine(line []byte) bool {
	if bytes.HasPrefix(line, []byte("SIP/2.0 ")) {
		m.status, _ = strconv.Atoi(string(line[8:11])) // 0 is no response of ours
		return m.status != 0
	}
	method, rest, ok := bytes.Cut(line, []byte(" "))
	m.method = method
	m.uri, _, _ = bytes.Cut(rest, []byte(" "))
	return ok
}

// header takes a line that begins at an offset.
func (m *message) header(line []byte, at int) {
	name, rest, _ := bytes.Cut(line, []byte(":"))
	switch value := bytes.TrimSpace(rest); string(name) {
	case "Via":
		if m.via < 0 {
			m.via, m.viaEnd = at, at+len(line)
			_, branch, _ := bytes.Cut(value, []byte("branch="))
			m.branch, _, _ = bytes.Cut(branch, []byte(";"))
		}
	case "From":
		m.from = line
	case "To":
		m.to, m.inDialog = line, bytes.Contains(line, []byte(";tag="))
	case "Call-ID":
		m.id = line
	case "CSeq":
		m.cseq = line
		if m.status != 0 {
			m.method = value[bytes.LastIndexByte(value, ' ')+1:]
		}
	case "Max-Forwards":
		m.hops = at + bytes.Index(line, value)
		m.hopsEnd = m.hops + len(value)
	case "Contact":
		m.contacts = append(m.contacts, value)
	}
}
