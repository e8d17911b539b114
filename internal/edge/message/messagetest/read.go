package messagetest

import "strings"

// message is a SIP message taken apart, with its folds undone.
type message struct {
	start   string
	headers []header
	body    string
	eol     string
}

type header struct{ name, value string }

func read(raw string) message {
	m := message{eol: "\r\n"}
	if !strings.Contains(raw, "\r\n") {
		m.eol = "\n"
	}
	head, body, _ := strings.Cut(raw, m.eol+m.eol)
	m.body = body
	lines := strings.Split(head, m.eol)
	m.start = lines[0]
	for _, line := range lines[1:] {
		if last := len(m.headers) - 1; last >= 0 && strings.HasPrefix(strings.ReplaceAll(line, "\t", " "), " ") {
			m.headers[last].value = strings.TrimSpace(m.headers[last].value + " " + strings.TrimSpace(line))
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		m.headers = append(m.headers, header{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	return m
}

// String puts the message together again.
func (m message) String() string {
	var b strings.Builder
	b.WriteString(m.start + m.eol)
	for _, h := range m.headers {
		b.WriteString(h.name + ": " + h.value + m.eol)
	}
	b.WriteString(m.eol + m.body)
	return b.String()
}

// long returns the name in lower case, without a compact form.
func long(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if l, ok := compactForms[name]; ok {
		return l
	}
	return name
}

// walk calls f with every byte and whether it is outside quotes and brackets.
func walk(s string, f func(c byte, outside bool)) {
	quoted, bracketed := false, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quoted && c == '\\' && i+1 < len(s):
			f(c, false)
			i++
			f(s[i], false)
			continue
		case c == '"' && !bracketed:
			quoted = !quoted
		case c == '<' && !quoted:
			bracketed = true
		case c == '>' && !quoted:
			bracketed = false
		}
		f(c, !quoted && !bracketed)
	}
}

// values splits a list at its commas and leaves out what is empty.
func values(s string) []string {
	var all []string
	var b strings.Builder
	flush := func() {
		if v := strings.TrimSpace(b.String()); v != "" {
			all = append(all, v)
		}
		b.Reset()
	}
	walk(s, func(c byte, outside bool) {
		if outside && c == ',' {
			flush()
			return
		}
		b.WriteByte(c)
	})
	flush()
	return all
}
