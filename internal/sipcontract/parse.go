package sipcontract

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// Parse reads the one message that a text is, as [Split] takes it, of at most 64 KiB.
// Errors are of type [*Error].
func Parse(text []byte) (*message.Message, error) {
	if len(text) > message.MaxSize {
		return nil, errorAt(1, "the message has more than %d bytes", message.MaxSize)
	}
	messages, err := Split(text)
	switch {
	case err != nil:
		return nil, err
	case len(messages) == 0:
		return nil, errorAt(1, "there is no message; want one that begins with its start line")
	case len(messages) > 1:
		return nil, errorAt(messages[1].Line, "a second message begins here; want one")
	}
	m := &message.Message{}
	if err := m.Parse(messages[0].Raw); err != nil {
		parsed, ok := errors.AsType[*message.ParseError](err)
		if !ok {
			return nil, err
		}
		line, detail := lineOf(messages[0].Raw, parsed.Reason), parsed.Detail
		if missing, ok := strings.CutPrefix(parsed.Reason, "Missing "); ok {
			if at, name := misspelt(messages[0].Raw, missing); at > 0 {
				line, detail = at, detail+fmt.Sprintf("; is %q meant to be it?", name)
			}
		}
		return nil, errorAt(messages[0].Line+line-1, "%s", detail)
	}
	return m, nil
}

// compactForms are those of the header fields that every message must have (7.3.3).
var compactForms = map[string]string{"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Content-Length": "l"}

// lineOf finds the line that an error of the parser is about, by its reason: 1, the
// start line, if it is about none or what it misses is nowhere.
func lineOf(raw []byte, reason string) int {
	kind, header, _ := strings.Cut(reason, " ")
	found, number := 1, 0
	for line := range bytes.Lines(raw) {
		number++
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case len(line) == 0:
			return found
		case reason == "NUL in Header" && bytes.IndexByte(line, 0) >= 0,
			reason == "Bare CR or LF in Header" && bytes.IndexByte(line, '\r') >= 0:
			return number
		case number == 1 || line[0] == ' ' || line[0] == '\t':
			continue
		}
		name, _, ok := bytes.Cut(line, []byte(":"))
		name = bytes.TrimRight(name, " \t")
		if reason == "Bad Header Field" && (!ok || len(name) == 0 || bytes.ContainsAny(name, " \t\"<>()@,;\\/[]?={}")) {
			return number
		}
		if isHeader(name, header, compactForms[header]) {
			found = number
			if kind != "Repeated" {
				return number
			}
		}
	}
	return found
}

// misspelt finds a header field whose name is a slip of the pen for another; 0 if
// there is none.
func misspelt(raw []byte, header string) (line int, name string) {
	for text := range bytes.Lines(raw) {
		if line++; len(bytes.TrimSpace(text)) == 0 {
			break
		}
		before, _, ok := bytes.Cut(text, []byte(":"))
		if ok && line > 1 && strictyaml.Nearest(string(before), []string{header}) != "" {
			return line, string(before)
		}
	}
	return 0, ""
}

// lineOfHeader finds the first header field of that name.
func lineOfHeader(raw []byte, name string) int { return lineOf(raw, "Bad "+name) }
