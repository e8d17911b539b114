package expr

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/redirectd/redirectd/internal/sipuri"
)

// Template is a text with expressions in it. It is immutable and safe for
// concurrent use.
type Template struct {
	src         string
	parts       []segment
	usesContact bool
}

// segment is a literal text or an expression.
type segment struct {
	text string
	expr *program
	at   int // where the expression begins in the source, in bytes
}

// Template compiles a text in which each ${expression} stands for its result, a
// string, int, uint or bool. "$${" stands for "${", any other "$" for itself.
// The error is an [*Error] with the place in the whole text.
func (e *Env) Template(src string) (*Template, error) {
	if err := checkSource(src, "text"); err != nil {
		return nil, err
	}
	t := &Template{src: src}
	var text strings.Builder
	for i := 0; i < len(src); {
		rest := src[i:]
		switch {
		case strings.HasPrefix(rest, "$${"):
			text.WriteString("${")
			i += len("$${")
		case strings.HasPrefix(rest, "${"):
			start := i + len("${")
			n := endOfExpression(src[start:])
			if n < 0 {
				return nil, errorAt(src, i, `"${" has no "}"; write "$${" for a literal "${"`)
			}
			p, err := e.templatePart(src, start, start+n)
			if err != nil {
				return nil, err
			}
			if text.Len() > 0 {
				t.parts = append(t.parts, segment{text: text.String()})
				text.Reset()
			}
			t.parts = append(t.parts, segment{expr: p, at: start})
			t.usesContact = t.usesContact || p.usesContact
			i = start + n + len("}")
		default:
			text.WriteByte(src[i])
			i++
		}
	}
	if text.Len() > 0 {
		t.parts = append(t.parts, segment{text: text.String()})
	}
	return t, nil
}

// writable are the types whose values are written out.
var writable = []types.Kind{types.StringKind, types.IntKind, types.UintKind, types.BoolKind}

func (e *Env) templatePart(src string, start, end int) (*program, error) {
	p, err := e.compile(src[start:end])
	if err != nil {
		return nil, moved(err, src, start)
	}
	if !slices.Contains(writable, p.result.Kind()) {
		return nil, errorAt(src, start, "this is "+aType(p.result)+", which has no one way to be written; make it a string, as string(...) does")
	}
	return p, nil
}

// UsesContact tells whether the text mentions the variable contact.
func (t *Template) UsesContact() bool { return t.usesContact }

// Source returns the text as it was written.
func (t *Template) Source() string { return t.src }

// Literal returns the text if there is no expression in it.
func (t *Template) Literal() (string, bool) {
	switch {
	case len(t.parts) == 0:
		return "", true
	case len(t.parts) == 1 && t.parts[0].expr == nil:
		return t.parts[0].text, true
	}
	return "", false
}

// Eval returns the text with the results of its expressions, at most [MaxText]
// bytes. Whether it is fit for where it goes, without CR or LF for instance, is
// for the caller to see. The error is an [*Error]; it never panics.
func (t *Template) Eval(in *Input) (string, error) {
	return t.eval(in, func(_ int, value string) (string, error) { return value, nil })
}

// EvalURI is Eval of a text that is a URI. A result stays within the part of it
// that the text has it in: in a user part, or as the value of a parameter, it is
// escaped, and one that would be more than a host is an error. What a redirect
// server wrote must not say where a call goes by an "@" or ";" in it.
func (t *Template) EvalURI(in *Input) (string, error) {
	return t.eval(in, t.inURI)
}

// inURI fits a value into a URI, by the literal text before and behind it.
func (t *Template) inURI(part int, value string) (string, error) {
	before, behind, next := "", "", ""
	for i, p := range t.parts {
		switch {
		case i < part:
			before += p.text
		case i > part:
			behind += p.text
		}
		if i == part+1 {
			next = p.text
		}
	}
	_, rest, hasScheme := strings.Cut(before, ":")
	_, host, hasUser := strings.Cut(rest, "@")
	if !hasUser {
		host = rest
	}
	bad := "@"
	switch {
	case !hasScheme:
		return value, nil // the URI itself, or its scheme
	case !hasUser && strings.Contains(behind, "@"):
		return sipuri.EscapeUser(value), nil
	case strings.Contains(host, ";"):
		return sipuri.EscapeParam(value), nil
	case next != "" && !strings.ContainsRune(";:?>", rune(next[0])):
		bad = "@;:?/" // of a name only a piece
	}
	if i := strings.IndexAny(value, bad); i >= 0 {
		return "", fmt.Errorf("%s cannot stand for a host: it has %q", quoted(value), value[i:i+1])
	}
	return value, nil
}

func (t *Template) eval(in *Input, fit func(part int, value string) (string, error)) (string, error) {
	if s, ok := t.Literal(); ok {
		return s, nil
	}
	var b strings.Builder
	for i, p := range t.parts {
		if p.expr == nil {
			b.WriteString(p.text)
			continue
		}
		v, err := p.expr.eval(in)
		if err != nil {
			return "", moved(err, t.src, p.at)
		}
		s, ok := written(v)
		if !ok {
			return "", errorAt(t.src, p.at, "the result is "+aType(v.Type())+" and cannot be written into a text")
		}
		if s, err = fit(i, s); err != nil {
			return "", errorAt(t.src, p.at, err.Error())
		}
		if b.Len()+len(s) > MaxText {
			return "", errorAt(t.src, p.at, fmt.Sprintf("the text is longer than %d bytes", MaxText))
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

func written(v ref.Val) (string, bool) {
	switch v := v.(type) {
	case types.String:
		return string(v), true
	case types.Int:
		return strconv.FormatInt(int64(v), 10), true
	case types.Uint:
		return strconv.FormatUint(uint64(v), 10), true
	case types.Bool:
		return strconv.FormatBool(bool(v)), true
	}
	return "", false
}

// endOfExpression returns where the "}" is that ends an expression, or -1:
// braces within it come in pairs, and those in strings do not count.
func endOfExpression(s string) int {
	depth := 0
	for i := 0; i < len(s); {
		switch c := s[i]; c {
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return i
			}
			depth--
		case '"', '\'':
			n := stringLength(s[i:], i > 0 && isRaw(s[:i]))
			if n < 0 {
				return -1
			}
			i += n
			continue
		}
		i++
	}
	return -1
}

// isRaw tells whether what stands before a quote makes the string raw: r, rb
// and br in any case, which end no longer word.
func isRaw(before string) bool {
	word := before
	for len(word) > 0 && isWord(before[len(word)-1]) {
		word = word[:len(word)-1]
	}
	prefix := strings.ToLower(before[len(word):])
	return prefix == "r" || prefix == "rb" || prefix == "br"
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// stringLength returns the length of the string literal that s begins with, its
// quotes included, or -1 if it does not end.
func stringLength(s string, raw bool) int {
	end := s[:1]
	if strings.HasPrefix(s, strings.Repeat(end, 3)) {
		end = s[:3]
	}
	for i := len(end); i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], end):
			return i + len(end)
		case s[i] == '\\' && !raw:
			i += 2
		default:
			i++
		}
	}
	return -1
}

// errorAt makes an error at a place of the source, in bytes.
func errorAt(src string, at int, message string) *Error {
	before := src[:min(at, len(src))]
	line := strings.LastIndexByte(before, '\n') + 1
	return &Error{
		Source:  src,
		Line:    strings.Count(before, "\n") + 1,
		Column:  utf8.RuneCountInString(before[line:]) + 1,
		Message: message,
	}
}

// moved makes an error of an expression one of the text that it stands in.
func moved(err error, src string, at int) error {
	e, ok := err.(*Error) //nolint:errorlint // compile and eval return nothing else
	if !ok {
		return errorAt(src, at, err.Error())
	}
	outer := errorAt(src, at, e.Message)
	switch {
	case e.Line == 1:
		outer.Column += e.Column - 1
	case e.Line > 1:
		outer.Line += e.Line - 1
		outer.Column = e.Column
	}
	return outer
}
