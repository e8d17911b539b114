package demo

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// sipMessage is a datagram read as SIP. The reading is simple and the demo's
// own: what it shows of the edge must not rest on the edge's parser.
type sipMessage struct {
	start  string // the start line
	fields []field
}

type field struct{ name, value string }

// readSIP reads the start line and the header fields (7.1 to 7.3).
func readSIP(b []byte) (*sipMessage, error) {
	head, _, ok := bytes.Cut(b, []byte("\r\n\r\n"))
	if !ok {
		return nil, fmt.Errorf("%d bytes without an empty line", len(b))
	}
	lines := strings.Split(string(head), "\r\n")
	m := &sipMessage{start: lines[0]}
	if m.status() == 0 && m.method() == "" {
		return nil, fmt.Errorf("%.60q is no start line", m.start)
	}
	for _, line := range lines[1:] {
		if n := len(m.fields); n > 0 && line != "" && strings.ContainsRune(" \t", rune(line[0])) { // folded (7.3.1)
			m.fields[n-1].value += " " + strings.TrimSpace(line)
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("%.60q is no header field", line)
		}
		m.fields = append(m.fields, field{longName(strings.TrimSpace(name)), strings.TrimSpace(value)})
	}
	return m, nil
}

// longName expands the compact forms that matter here (7.3.3).
func longName(name string) string {
	switch strings.ToLower(name) {
	case "v":
		return "Via"
	case "f":
		return "From"
	case "t":
		return "To"
	case "i":
		return "Call-ID"
	case "m":
		return "Contact"
	}
	return name
}

// status returns the status code of a response, 0 of a request.
func (m *sipMessage) status() int {
	rest, ok := strings.CutPrefix(m.start, "SIP/2.0 ")
	if !ok || len(rest) < 3 {
		return 0
	}
	code, err := strconv.Atoi(rest[:3])
	if err != nil || code < 100 || code > 699 {
		return 0
	}
	return code
}

// requestLine returns the method and the Request-URI of a request.
func (m *sipMessage) requestLine() (method, uri string) {
	words := strings.Split(m.start, " ")
	if len(words) != 3 || words[2] != "SIP/2.0" {
		return "", ""
	}
	return words[0], words[1]
}

// method returns the method of a request, "" of a response.
func (m *sipMessage) method() string {
	method, _ := m.requestLine()
	return method
}

// answers returns the method of the request that a response is for (8.2.6.2).
func (m *sipMessage) answers() string {
	_, method, _ := strings.Cut(m.header("CSeq"), " ")
	return strings.TrimSpace(method)
}

// header returns the value of the first field of a name, "" if there is none.
func (m *sipMessage) header(name string) string {
	if all := m.headers(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

func (m *sipMessage) headers(name string) []string {
	var values []string
	for _, f := range m.fields {
		if strings.EqualFold(f.name, name) {
			values = append(values, f.value)
		}
	}
	return values
}

// branch returns the branch of the top Via: what a request, its responses, and
// the ACK of a 3xx to 6xx have in common on one hop (17.1.3).
func (m *sipMessage) branch() string { return param(m.header("Via"), "branch") }

// toTag tells which element answered (8.2.6.2).
func (m *sipMessage) toTag() string {
	value := m.header("To")
	return param(value[strings.LastIndexByte(value, '>')+1:], "tag")
}

func param(value, name string) string {
	value, _, _ = strings.Cut(value, ",")
	for p := range strings.SplitSeq(value, ";") {
		if k, v, ok := strings.Cut(p, "="); ok && strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
