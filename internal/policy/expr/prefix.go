package expr

import (
	"errors"
	"fmt"
	"strings"
)

// maxDigits is the length of the longest number of E.164.
const maxDigits = 15

// prefixTrie holds E.164 prefixes, one row of ten children for each digit
// string that goes on. A lookup is one load per digit and allocates nothing.
type prefixTrie struct {
	// rows has the root at 0; empty: no prefix at all. A child is 0 if there is
	// none.
	rows []trieRow
	// ends are the prefixes, "+1900"; a row refers to them by index plus 1.
	ends []string
}

// trieRow says for each digit where it leads to.
type trieRow struct {
	next [10]int32 // index of a row, 0 for none
	end  [10]int32 // index into ends plus 1, 0 for none
}

// add adds a prefix as a person wrote it.
func (t *prefixTrie) add(text string) error {
	digits, err := prefixDigits(text)
	if err != nil {
		return err
	}
	if len(t.rows) == 0 {
		t.rows = append(t.rows, trieRow{})
	}
	row := int32(0)
	last := len(digits) - 1
	for i := range last {
		d := digits[i] - '0'
		next := t.rows[row].next[d]
		if next == 0 {
			next = int32(len(t.rows))
			t.rows = append(t.rows, trieRow{})
			t.rows[row].next[d] = next
		}
		row = next
	}
	if end := &t.rows[row].end[digits[last]-'0']; *end == 0 {
		t.ends = append(t.ends, "+"+digits)
		*end = int32(len(t.ends))
	}
	return nil
}

// longest returns the longest prefix that the number begins with.
func (t *prefixTrie) longest(number string) (string, bool) {
	if len(number) < 2 || number[0] != '+' || len(t.rows) == 0 {
		return "", false
	}
	row, found := &t.rows[0], int32(0)
	for i := 1; i < len(number); i++ {
		d := number[i] - '0'
		if d > 9 {
			return "", false // that is no number
		}
		if row == nil {
			continue
		}
		if end := row.end[d]; end != 0 {
			found = end
		}
		if next := row.next[d]; next != 0 {
			row = &t.rows[next]
		} else {
			row = nil
		}
	}
	if found == 0 {
		return "", false
	}
	return t.ends[found-1], true
}

func prefixDigits(text string) (string, error) {
	const want = `; want the beginning of an international number, such as "+1900"`
	var digits strings.Builder
	for i, r := range strings.TrimSpace(text) {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case r == '+' && i == 0, isSeparator(r):
		default:
			return "", fmt.Errorf("%q is no digit%s", r, want)
		}
	}
	s := digits.String()
	switch {
	case s == "":
		return "", errors.New("there is no digit in it" + want)
	case s[0] == '0':
		return "", errors.New(`no international number begins with 0: leave out "00", and write the country code instead of a single 0, as in "+49900"`)
	case len(s) > maxDigits:
		return "", fmt.Errorf("it has %d digits, and no number has more than %d", len(s), maxDigits)
	}
	return s, nil
}

// isSeparator tells the visual separators of RFC 3966 section 5, and space.
func isSeparator(r rune) bool {
	return r == '-' || r == '.' || r == '(' || r == ')' || r == ' '
}
