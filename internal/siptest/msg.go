package siptest

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Msg is a message as it came. Its reading is simple: right for what well-formed
// messages hold.
type Msg struct {
	Raw  string
	From netip.AddrPort // who sent it, as the socket says
	At   time.Time      // when it was read
}

var compact = map[string]string{
	"a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition",
	"e": "content-encoding", "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported",
	"l": "content-length", "m": "contact", "n": "identity-info", "o": "event", "r": "refer-to",
	"s": "subject", "t": "to", "u": "allow-events", "v": "via", "x": "session-expires", "y": "identity",
}

// StartLine is the first line.
func (m *Msg) StartLine() string {
	line, _, _ := strings.Cut(m.Raw, "\r\n")
	return line
}

// Status is the code of a response, 0 of a request.
func (m *Msg) Status() int {
	rest, ok := strings.CutPrefix(m.StartLine(), "SIP/2.0 ")
	if !ok {
		return 0
	}
	code, _, _ := strings.Cut(rest, " ")
	n, _ := strconv.Atoi(code)
	return n
}

// Method is that of a request, and of a response that of its CSeq.
func (m *Msg) Method() string {
	if m.Status() != 0 {
		fields := strings.Fields(m.Header("CSeq"))
		if len(fields) < 2 {
			return ""
		}
		return fields[1]
	}
	method, _, _ := strings.Cut(m.StartLine(), " ")
	return method
}

// RequestURI is that of a request.
func (m *Msg) RequestURI() string {
	_, rest, _ := strings.Cut(m.StartLine(), " ")
	uri, _, _ := strings.Cut(rest, " SIP/2.0")
	return uri
}

// Headers are the values of all fields of that name, unfolded, in order. The
// name is the long one; the compact form is found too.
func (m *Msg) Headers(name string) []string {
	var values []string
	for _, line := range m.lines() {
		field, value, found := strings.Cut(line, ":")
		if found && sameName(field, name) {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// Header is the value of the first field of that name, or "".
func (m *Msg) Header(name string) string {
	if values := m.Headers(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Values are the values of all fields of that name, split at commas that stand
// outside quotes and angle brackets.
func (m *Msg) Values(name string) []string {
	var values []string
	for _, field := range m.Headers(name) {
		for _, v := range split(field, ',') {
			if v = strings.TrimSpace(v); v != "" {
				values = append(values, v)
			}
		}
	}
	return values
}

// Param is a header parameter of the first value of that name: Param("To",
// "tag"). A parameter without a value is "", like one that is not there; see
// [Msg.HasParam].
func (m *Msg) Param(name, param string) string {
	v, _ := m.param(name, param)
	return v
}

// HasParam reports whether the first value of that name has the parameter.
func (m *Msg) HasParam(name, param string) bool {
	_, ok := m.param(name, param)
	return ok
}

func (m *Msg) param(name, param string) (string, bool) {
	values := m.Values(name)
	if len(values) == 0 {
		return "", false
	}
	for _, p := range split(values[0], ';')[1:] {
		key, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(key), param) {
			return strings.Trim(strings.TrimSpace(value), `"`), true
		}
	}
	return "", false
}

// Body is what follows the empty line.
func (m *Msg) Body() string {
	_, body, _ := strings.Cut(m.Raw, "\r\n\r\n")
	return body
}

// lines are the header fields, unfolded.
func (m *Msg) lines() []string {
	head, _, _ := strings.Cut(m.Raw, "\r\n\r\n")
	var lines []string
	for i, line := range strings.Split(head, "\r\n") {
		switch {
		case i == 0 || line == "":
		case len(lines) > 0 && (line[0] == ' ' || line[0] == '\t'):
			lines[len(lines)-1] += " " + strings.TrimSpace(line)
		default:
			lines = append(lines, line)
		}
	}
	return lines
}

func sameName(field, name string) bool {
	field = strings.ToLower(strings.TrimSpace(field))
	if long, ok := compact[field]; ok {
		field = long
	}
	return field == strings.ToLower(name)
}

// split splits at sep outside quotes and angle brackets.
func split(s string, sep byte) []string {
	var parts []string
	quoted, angle, start := false, false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && !angle:
			quoted = !quoted
		case quoted:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == sep && !angle:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// uri is the URI of a name-addr or addr-spec.
func uri(value string) string {
	if _, rest, found := strings.Cut(value, "<"); found {
		inner, _, _ := strings.Cut(rest, ">")
		return inner
	}
	plain, _, _ := strings.Cut(value, ";")
	return strings.TrimSpace(plain)
}
