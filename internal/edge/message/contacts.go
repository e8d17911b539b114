package message

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/redirectd/redirectd/internal/sipuri"
)

// Contact is one value of the Contact header fields (20.10).
type Contact struct {
	Value    string // as it came, unfolded
	NameAddr NameAddr
	URI      sipuri.URI
	Err      error // why it cannot be read; the others can be all the same

	Q    int // in thousandths, 0 to 1000
	HasQ bool

	Expires    uint32 // in seconds
	HasExpires bool
}

var errStar = errors.New(`"*" is for REGISTER only (10.2.2)`)

// Contacts returns the first limit contacts, each read on its own: a broken one
// has an Err and spoils no other. Empty values are skipped and have no index. A
// q or expires that is out of range or unreadable counts as absent. The number
// of contacts beyond the limit is omitted.
func (m *Message) Contacts(limit int) (contacts []Contact, omitted int) {
	all := m.count(idContact)
	contacts = make([]Contact, 0, max(min(all, limit), 0))
	for i := range m.fields {
		f := &m.fields[i]
		if f.id != idContact {
			continue
		}
		for v, ok := m.firstValue(f); ok && len(contacts) < limit; v, ok = m.nextValue(f, v) {
			contacts = append(contacts, readContact(m.text(f, v.start, v.end)))
		}
	}
	return contacts, all - len(contacts)
}

func readContact(value string) Contact {
	c := Contact{Value: value}
	if value == "*" {
		c.Err = errStar
		return c
	}
	if c.NameAddr, c.Err = ParseNameAddr(value); c.Err != nil {
		return c
	}
	if c.URI, c.Err = sipuri.Parse(c.NameAddr.URI); c.Err != nil {
		c.Err = fmt.Errorf("contact %q: %w", clip(value), c.Err)
		return c
	}
	if q, ok := c.NameAddr.Param("q"); ok {
		c.Q, c.HasQ = thousandths(q)
	}
	if s, ok := c.NameAddr.Param("expires"); ok {
		if n, ok := digits(s); ok {
			c.Expires, c.HasExpires = uint32(min(n, math.MaxUint32)), true
		}
	}
	return c
}

// thousandths reads a qvalue, 0 to 1 with up to three decimals (25.1). More
// decimals are cut off, and ".5" is taken too: what is meant is plain.
func thousandths(s string) (q int, ok bool) {
	whole, decimals, hasPoint := strings.Cut(s, ".")
	if whole == "" && decimals == "" {
		return 0, false
	}
	if _, digitsOnly := digits("0" + whole + decimals); !digitsOnly {
		return 0, false
	}
	n, _ := digits("0" + whole)
	if n > 1 {
		return 0, false
	}
	q = int(n) * 1000
	for i, unit := 0, 100; hasPoint && i < len(decimals) && unit > 0; i, unit = i+1, unit/10 {
		q += int(decimals[i]-'0') * unit
	}
	if q > 1000 {
		return 0, false
	}
	return q, true
}
