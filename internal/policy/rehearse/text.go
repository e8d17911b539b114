package rehearse

import (
	"errors"
	"fmt"
	"strings"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/sipcontract"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// fail reports a problem at some place of the file.
type fail = func(format string, args ...any)

func failAt(m *strictyaml.Map, key string) fail {
	return func(format string, args ...any) { m.Failf(key, format, args...) }
}

// text is a message, and how to say what is wrong in a line of it.
type text struct {
	bytes []byte
	lines []fail // of each line; a text that was not composed has none
	fail  fail
}

// line adds a line of a composed message.
func (t *text) line(s string, fail fail) {
	if strings.ContainsAny(s, "\r\n") {
		fail("there is a line break in it; want one line")
		s = strings.NewReplacer("\r", " ", "\n", " ").Replace(s)
	}
	t.bytes = append(append(t.bytes, s...), "\r\n"...)
	t.lines = append(t.lines, fail)
}

// fails says what is wrong in the text.
func (t *text) fails(err error) {
	e, ok := errors.AsType[*sipcontract.Error](err)
	switch {
	case !ok:
		t.fail("%v", err)
	case e.Line <= len(t.lines):
		t.lines[e.Line-1]("%s", e.Text)
	case t.lines != nil:
		t.fail("%s", e.Text)
	default:
		t.fail("line %d of it: %s", e.Line, e.Text)
	}
}

// readText reads a message that stands under one key, or in the file under the
// other.
func readText(file string, m *strictyaml.Map, key, fileKey string) text {
	t := text{fail: failAt(m, key)}
	var name, content string
	if m.String(key, &content) {
		t.bytes = []byte(content)
	}
	if !m.String(fileKey, &name) {
		return t
	}
	if m.Has(key) {
		m.Failf(fileKey, "%s is there too; want one of the two", key)
		return text{}
	}
	path := beside(file, name)
	t.fail = func(format string, args ...any) { m.Failf(fileKey, "%s: %s", path, fmt.Sprintf(format, args...)) }
	data, err := readFile(path, message.MaxSize)
	if err != nil {
		m.Failf(fileKey, "%v", err)
		return text{}
	}
	t.bytes = data
	return t
}
