package policy

import (
	"context"
	"strconv"

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
	taken    []taken
	before   int     // how many targets there were when the first of them was taken
	ended    *ruling // the rule that ended the search over one of them
	extra    string  // what else there is to say of the original target (use: headers)
	onward   bool    // that target is taken
}

// taken is a contact that became a target.
type taken struct {
	index int // into contacts
	rank  rank
	by    string // the rule that gave it its rank, or the order of the profile
	why   string // what else rules did
}

// candidate is a contact that can be read, with what rules make of it.
type candidate struct {
	index int
	q     uint32
	text  string     // as it came
	uri   sipuri.URI // as rules rewrote it
	edits *edits     // what else they did; nil: nothing
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

// dropRest drops what no verdict was found for when a rule ended the search.
func (c *contacts) dropRest(end *ruling) {
	for i := range c.verdicts {
		if c.verdicts[i].GetText() == "" {
			c.drop(i, end.rule.title(), "the rule ends the search")
		}
	}
}

// keptSummary says in numbers which contacts may pass.
func (c *contacts) keptSummary() string {
	kept := 0
	for i := range c.verdicts {
		if c.verdicts[i].GetVerdict() == redirectv1.ContactVerdict_VERDICT_TAKEN {
			kept++
		}
	}
	if len(c.contacts) == 0 {
		return "it has no contact"
	}
	return strconv.Itoa(kept) + " of " + strconv.Itoa(len(c.contacts)) + plural(len(c.contacts), " contact stays", " contacts stay")
}

// take puts the usable contacts into the target set, in their order. It ends
// early if ctx does: comparing long URIs takes time.
func (c *contacts) take(ctx context.Context) error {
	c.before = len(c.d.targets)
	if c.d.profile.Use == UseHeaders {
		c.takeOriginal()
		return nil
	}
	candidates := c.candidates()
	if c.ended != nil { // a rule rejects the call
		return nil
	}
	c.d.profile.arrange(candidates, c.d.call.GetCallId())
	for i := range candidates {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.consider(&candidates[i])
	}
	c.judgeTaken()
	return nil
}

// candidates returns the contacts that guards and rules leave, in the order of
// the header.
func (c *contacts) candidates() []candidate {
	candidates := make([]candidate, 0, len(c.contacts))
	for i, contact := range c.contacts {
		uri, ok := c.read(i)
		if !ok {
			continue
		}
		can := candidate{index: i, q: q(contact), text: uri.Text, uri: uri}
		if c.d.profile.hasGuards && !c.guard(&can) {
			continue
		}
		if len(c.d.profile.Rules) > 0 && !c.ask(&can) {
			if c.ended != nil {
				return nil
			}
			continue
		}
		candidates = append(candidates, can)
	}
	if len(candidates) == 0 && len(c.d.profile.Rules) > 0 { // those that were asked about no contact
		c.ended = c.d.endedByRule(onRedirect, false)
	}
	return candidates
}

// read reads the URI of a contact, and drops it if that is none.
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
	return uri, true
}

// guard drops what deny matches, and what allow does not.
func (c *contacts) guard(can *candidate) bool {
	s := subjectOf(&can.uri)
	if why := c.d.profile.Deny.denies(&s, c.d.edge); why != "" {
		c.drop(can.index, "deny", why)
		return false
	}
	if why := c.d.profile.Allow.refuses(&s); why != "" {
		c.drop(can.index, "allow", why)
		return false
	}
	return true
}

// consider takes one contact or drops it. The order of the checks is that of
// what a person wants to hear first.
func (c *contacts) consider(can *candidate) {
	d := c.d
	target, id, drop := d.targetOf(c.status, can)
	if drop.rule != "" {
		c.drop(can.index, drop.rule, drop.text)
		return
	}
	if c.secure != "" && id.degrades() {
		c.drop(can.index, "sips", degradesText(can.uri.Text, c.secure))
		return
	}
	if n := find(d.tried, &id); n >= 0 {
		c.drop(can.index, "tried already", d.triedText(c.shown(can), target.GetUri(), n))
		return
	}
	if n := find(d.ids, &id); n >= 0 {
		c.drop(can.index, "repeated", c.repeatedText(can.text, n))
		return
	}
	if len(c.taken) >= d.profile.MaxContacts {
		c.drop(can.index, "contact limit", d.profile.contactLimit())
		return
	}
	target.Contact = c.verdicts[can.index].GetContact()
	d.finish(target, can.edits)
	size := sizeOf(target)
	if rule, why := d.limit.exceeded(len(d.targets), size); rule != "" {
		c.drop(can.index, rule, why)
		return
	}
	d.take(target, id, size)
	t := taken{index: can.index, by: orderNames[d.profile.Order]}
	if e := can.edits; e != nil {
		t.rank, t.why = e.rank, e.why()
		if e.rank != rankOrdinary {
			t.by = e.rankedBy
		}
	}
	c.taken = append(c.taken, t)
}

func (p *Profile) contactLimit() string {
	return "contact limit: the first " + strconv.Itoa(p.MaxContacts) + " of one 3xx count (max_contacts)"
}

// judgeTaken says of each target that it is one, and whether it stands elsewhere
// than its q puts it.
func (c *contacts) judgeTaken() {
	for nth, t := range c.taken {
		v := &c.verdicts[t.index]
		v.Verdict, v.Rule = redirectv1.ContactVerdict_VERDICT_TAKEN, t.by
		v.Text = qText(c.contacts[t.index]) + ", " + ordinal(nth+1) + " of " + strconv.Itoa(len(c.taken))
		if byQ := c.placeByQ(t.index); byQ != nth {
			v.Verdict = redirectv1.ContactVerdict_VERDICT_MOVED
			v.Text += " (by q it would be the " + ordinal(byQ+1) + ")"
		}
		if t.why != "" {
			v.Text += "; " + t.why
		}
	}
}

// placeByQ returns where q alone would put a contact that was taken, from 0.
func (c *contacts) placeByQ(index int) int {
	place, mine := 0, q(c.contacts[index])
	for _, t := range c.taken {
		if other := q(c.contacts[t.index]); other > mine || other == mine && t.index < index {
			place++
		}
	}
	return place
}

// shown returns what a contact is called when it was tried: that of a 305 is a
// proxy, and all of them have one Request-URI.
func (c *contacts) shown(can *candidate) string {
	if c.status == 305 {
		return "the proxy " + can.uri.Text
	}
	return can.uri.Text
}

// repeatedText says which target before it a contact repeats.
func (c *contacts) repeatedText(text string, n int) string {
	if n < c.before || n-c.before >= len(c.taken) {
		return clean(text) + " is among the targets that remain"
	}
	other := c.taken[n-c.before].index
	first := c.contacts[other].GetUri().GetText()
	if first == text {
		return clean(text) + " repeats contact " + strconv.Itoa(other+1)
	}
	same := " equals contact "
	if altered(text) || altered(first) || c.d.profile.Use == UseNumber { // they differ, but not as they are sent
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
	switch n := len(c.contacts); {
	case c.d.profile.Use == UseHeaders:
		s = "its header fields go onward with the original target (use: headers)" + also(c.extra)
		if !c.onward {
			s = "its header fields go nowhere (use: headers)" + also(c.extra)
		}
	case n > 0:
		s = strconv.Itoa(len(c.taken)) + " of " + strconv.Itoa(n) + plural(n, " contact is a target", " contacts are targets")
	}
	if c.omitted > 0 {
		s += " (" + strconv.FormatUint(uint64(c.omitted), 10) + " more were not shown to the policy)"
	}
	return s + ", " + strconv.Itoa(c.d.limit.used) + " of " + strconv.Itoa(c.d.limit.max) + " attempts used"
}

// also adds something to a sentence, if there is anything.
func also(text string) string {
	if text == "" {
		return ""
	}
	return ", " + text
}
