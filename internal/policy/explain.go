package policy

import (
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// maxShown is how much of a text from the network an explanation shows, in
// bytes. A verdict shows three of them at most, or one that quotes make three
// times as long and another: 64 verdicts stay below 28 KiB.
const maxShown = 96

// Bounds of an explanation, in bytes, so that an answer stays below 64 KiB: the
// verdicts, and the text of the whole.
const (
	maxVerdicts = 28 << 10
	maxText     = 2 << 10
)

// fit shortens what rules made long.
func fit(e *redirectv1.Explanation) {
	e.Text = cut(e.GetText(), maxText)
	size := 0
	for _, v := range e.GetContacts() {
		size += proto.Size(v) + 4
	}
	if size <= maxVerdicts {
		return
	}
	each := maxVerdicts/len(e.GetContacts()) - 32
	for _, v := range e.GetContacts() {
		v.Rule = cut(v.GetRule(), each/3)
		v.Text = cut(v.GetText(), each*2/3)
	}
}

// clean makes a text from the network fit for an explanation: short, and
// without control characters, since an answer with CR, LF or NUL is none.
func clean(s string) string {
	return withoutControls(cut(s, maxShown))
}

// cut shortens a text to so many bytes.
func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n-3] + "..."
	}
	return strings.ToValidUTF8(s, "")
}

func withoutControls(s string) string {
	for i := range len(s) {
		if isControl(rune(s[i])) {
			return strings.Map(func(r rune) rune {
				if isControl(r) {
					return '?'
				}
				return r
			}, s)
		}
	}
	return s
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// response names a response and where it came from.
func response(r *redirectv1.SipResponse) string {
	s := strconv.Itoa(int(r.GetStatus()))
	if phrase := r.GetReasonPhrase(); phrase != "" {
		s += " " + clean(phrase)
	}
	if from := r.GetSourceAddress(); from != "" {
		s += " from " + clean(from)
	}
	return s
}

// q returns the q of a contact in thousandths. A missing one counts as 1000, as
// one out of range does.
func q(c *redirectv1.Contact) uint32 {
	if c == nil || c.QMilli == nil || c.GetQMilli() > 1000 {
		return 1000
	}
	return c.GetQMilli()
}

func qText(c *redirectv1.Contact) string {
	if c == nil || c.QMilli == nil {
		return "no q (counts as 1)"
	}
	if c.GetQMilli() > 1000 {
		return "q out of range (counts as 1)"
	}
	return "q=" + strconv.FormatFloat(float64(c.GetQMilli())/1000, 'f', -1, 64)
}

func ordinal(n int) string {
	words := [...]string{"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"}
	if n <= len(words) {
		return words[n-1]
	}
	return "number " + strconv.Itoa(n)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
