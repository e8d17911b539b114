package policy

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// contacts are those of one 3xx, and what becomes of each.
type contacts struct {
	d        *decision
	status   int
	contacts []*redirectv1.Contact
	omitted  uint32 // beyond the 64th
	verdicts []redirectv1.ContactVerdict
	secure   string // the URI after which only SIPS may follow
	taken    []int  // indexes into contacts, in the order of trying
}

func (d *decision) contactsOf(event *redirectv1.Redirect) *contacts {
	c := &contacts{
		d:        d,
		status:   int(event.GetResponse().GetStatus()),
		contacts: event.GetContacts(),
		omitted:  event.GetContactsOmitted(),
		verdicts: make([]redirectv1.ContactVerdict, len(event.GetContacts())),
		secure:   d.secure(uint32(len(d.attempts) - 1)),
	}
	refs := make([]redirectv1.ContactRef, len(c.verdicts))
	for i := range c.verdicts {
		refs[i].Attempt, refs[i].Index = uint32(len(d.attempts)-1), uint32(i)
		c.verdicts[i].Contact = &refs[i]
	}
	return c
}

func (c *contacts) drop(i int, rule, text string) {
	v := &c.verdicts[i]
	v.Verdict, v.Rule, v.Text = redirectv1.ContactVerdict_VERDICT_DROPPED, rule, text
}

func (c *contacts) dropAll(rule, text string) {
	for i := range c.contacts {
		c.drop(i, rule, text)
	}
}

// candidate is a contact that can be read.
type candidate struct {
	index int
	q     uint32
	uri   sipuri.URI
}

// take puts the usable contacts into the target set, in their order. It ends
// early if ctx does: comparing long URIs takes time.
func (c *contacts) take(ctx context.Context) error {
	for _, candidate := range c.ordered() {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.consider(&candidate)
	}
	for nth, i := range c.taken {
		v := &c.verdicts[i]
		v.Verdict, v.Rule = redirectv1.ContactVerdict_VERDICT_TAKEN, "q order"
		v.Text = qText(c.contacts[i]) + ", " + ordinal(nth+1) + " of " + strconv.Itoa(len(c.taken))
	}
	return nil
}

// ordered returns the contacts that can be tried at all by descending q; those
// of the same q keep the order of the header (20.10).
func (c *contacts) ordered() []candidate {
	candidates := make([]candidate, 0, len(c.contacts))
	for i, contact := range c.contacts {
		if uri, ok := c.read(i); ok {
			candidates = append(candidates, candidate{i, q(contact), uri})
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(b.q, a.q) })
	return candidates
}

// read reads the URI of a contact, and drops it if that is none to try.
func (c *contacts) read(i int) (sipuri.URI, bool) {
	contact := c.contacts[i]
	text := contact.GetUri().GetText()
	if reason := contact.GetUnreadable(); reason != "" {
		c.drop(i, "unreadable", strconv.Quote(clean(text))+" cannot be read: "+clean(reason))
		return sipuri.URI{}, false
	}
	uri, err := sipuri.Parse(text)
	if err != nil {
		c.drop(i, "unreadable", strconv.Quote(clean(text))+" cannot be read: "+clean(err.Error()))
		return sipuri.URI{}, false
	}
	if !uri.IsSIP() {
		c.drop(i, "scheme", clean(text)+" has the scheme "+clean(uri.Scheme)+"; only sip and sips can be tried")
		return sipuri.URI{}, false
	}
	return uri, true
}

// consider takes one contact or drops it. The order of the checks is that of
// what a person wants to hear first.
func (c *contacts) consider(can *candidate) {
	d, text := c.d, can.uri.Text
	target, id := d.targetOf(c.status, can)
	size := len(target.GetUri()) + len(strings.Join(target.GetRoutes(), "")) + targetFraming
	if c.secure != "" && id.degrades() {
		c.drop(can.index, "sips", degradesText(text, c.secure))
		return
	}
	if n := find(d.tried, &id); n >= 0 {
		c.drop(can.index, "tried already", d.triedText(c.shown(can), target.GetUri(), n))
		return
	}
	if n := find(d.ids, &id); n >= 0 {
		c.drop(can.index, "repeated", c.repeatedText(text, c.taken[n]))
		return
	}
	if rule, why := d.limit.exceeded(len(d.targets), size); rule != "" {
		c.drop(can.index, rule, why)
		return
	}
	target.Contact = c.verdicts[can.index].GetContact()
	d.take(target, id, size)
	c.taken = append(c.taken, can.index)
}

// shown returns what a contact is called when it was tried: that of a 305 is a
// proxy, and all of them have one Request-URI.
func (c *contacts) shown(can *candidate) string {
	if c.status == 305 {
		return "the proxy " + can.uri.Text
	}
	return can.uri.Text
}

func (c *contacts) repeatedText(text string, other int) string {
	first := c.contacts[other].GetUri().GetText()
	if first == text {
		return clean(text) + " repeats contact " + strconv.Itoa(other+1)
	}
	same := " equals contact "
	if altered(text) || altered(first) { // they differ, but not as they are sent
		same = " gives the same Request-URI as contact "
		if c.status == 305 {
			same = " gives the same route as contact "
		}
	}
	return clean(text) + same + strconv.Itoa(other+1) + ", " + clean(first)
}

// altered reports whether a URI is sent otherwise than it was written: without
// its method parameter and its headers.
func altered(text string) bool { return reading(text).Text != text }

func (c *contacts) pointers() []*redirectv1.ContactVerdict {
	p := make([]*redirectv1.ContactVerdict, len(c.verdicts))
	for i := range c.verdicts {
		p[i] = &c.verdicts[i]
	}
	return p
}

// summary says in numbers what became of the contacts.
func (c *contacts) summary() string {
	s := "it has no contact"
	if n := len(c.contacts); n > 0 {
		s = strconv.Itoa(len(c.taken)) + " of " + strconv.Itoa(n) + plural(n, " contact is a target", " contacts are targets")
	}
	if c.omitted > 0 {
		s += " (" + strconv.FormatUint(uint64(c.omitted), 10) + " more were not shown to the policy)"
	}
	return s + ", " + strconv.Itoa(c.d.limit.used) + " of " + strconv.Itoa(c.d.limit.max) + " attempts used"
}
