package policy

import (
	"cmp"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/expr"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// asked is what the rules of a profile said so far about one question.
type asked struct {
	in    *expr.Input
	known []answer // of rules that are the same for every contact
}

type answer struct {
	known, holds bool
	why          string // what it saw, or why it could not be worked out
}

// input returns the question as expressions see it, over one contact or none.
func (d *decision) input(contact *redirectv1.Contact) *expr.Input {
	if d.asked.in == nil {
		d.asked.in = expr.NewInput(d.req)
		d.asked.known = make([]answer, len(d.profile.Rules))
	}
	return d.asked.in.SetContact(contact)
}

// holds reports whether a rule holds for a contact, and why.
func (d *decision) holds(i int, contact *redirectv1.Contact) (bool, string) {
	rule := &d.profile.Rules[i]
	in := d.input(contact)
	if rule.usesContact() {
		a := rule.evaluate(in)
		return a.holds, a.why
	}
	a := &d.asked.known[i]
	if !a.known {
		*a = rule.evaluate(in)
	}
	return a.holds, a.why
}

func (r *Rule) evaluate(in *expr.Input) answer {
	if r.When == nil {
		return answer{true, true, "it has no condition"}
	}
	holds, err := r.When.Eval(in)
	switch {
	case err != nil:
		return answer{true, r.failsClosed(), "its condition cannot be worked out: " + clean(err.Error())}
	case holds:
		return answer{true, true, cmp.Or(r.When.Seen(in), "its condition holds")}
	}
	return answer{known: true}
}

// ruling is a rule that ended the search.
type ruling struct {
	rule *Rule
	why  string
	on   string // the contact, if it was about one
}

// endedByRule returns the first rule that ends the search, whatever the contacts;
// nil if none does. If contacts will be asked about, only those rules count that
// stand before all that may settle the matter of one: the others have their turn
// with each contact.
func (d *decision) endedByRule(event events, asks bool) *ruling {
	for i := range d.profile.Rules {
		rule := &d.profile.Rules[i]
		if asks && rule.On&event != 0 && rule.settlesContact() {
			return nil
		}
		if rule.On&event == 0 || rule.usesContact() || rule.Then.End == endNothing || rule.Then.End.ofContact() {
			continue
		}
		if holds, why := d.holds(i, nil); holds {
			return &ruling{rule: rule, why: why}
		}
	}
	return nil
}

// ask puts the rules to a contact, in their order. It reports whether it may be
// tried; if not, it is dropped, or the search is ended.
func (c *contacts) ask(can *candidate) bool {
	d, contact := c.d, c.contacts[can.index]
	for i := range d.profile.Rules {
		rule := &d.profile.Rules[i]
		a := &rule.Then
		if rule.On&onRedirect == 0 {
			continue
		}
		holds, why := d.holds(i, contact)
		if !holds {
			can.note(rule, why)
			continue
		}
		switch a.End {
		case endSkip:
			c.drop(can.index, rule.title(), clean(can.text)+": "+why)
			return false
		case endKeep:
			e := can.change()
			e.reasons = append(e.reasons, rule.title()+": "+why)
			return true
		case endReject, endPassThrough, endStop:
			c.ended = &ruling{rule: rule, why: why}
			if rule.usesContact() {
				c.ended.on = can.text
			}
			return false
		case endNothing:
		}
		if fault := can.apply(d, rule, d.input(contact), why); fault != "" {
			c.drop(can.index, rule.title(), clean(can.text)+": "+fault)
			return false
		}
	}
	return true
}

func (can *candidate) change() *edits {
	if can.edits == nil {
		can.edits = &edits{}
	}
	return can.edits
}

// note keeps why a condition could not be worked out.
func (can *candidate) note(rule *Rule, why string) {
	if why != "" {
		e := can.change()
		e.notes = append(e.notes, rule.title()+": "+why)
	}
}

// apply makes of a candidate what a rule says. It returns why the contact cannot
// be tried that way; empty if it can.
func (can *candidate) apply(d *decision, rule *Rule, in *expr.Input, why string) (fault string) {
	e := can.change()
	if w := rule.Then.rewrite; w != nil {
		uri, err := w.apply(&can.uri, in)
		if err != nil {
			return "it cannot be rewritten: " + clean(err.Error())
		}
		can.uri = uri
	}
	return e.apply(d, rule, in, why)
}

// apply is that of a candidate without its URI.
func (e *edits) apply(d *decision, rule *Rule, in *expr.Input, why string) (fault string) {
	a := &rule.Then
	e.reasons = append(e.reasons, rule.title()+": "+why)
	if a.Rank != rankOrdinary {
		e.rank, e.rankedBy = a.Rank, rule.title()
	}
	if a.Weight != 0 {
		e.weight = a.Weight
	}
	if a.responseTimeout > 0 {
		e.responseTimeout = a.responseTimeout
	}
	if a.answerTimeout > 0 {
		e.answerTimeout = a.answerTimeout
	}
	if fault := e.route(d, a, in); fault != "" {
		return fault
	}
	if a.label != nil {
		label, err := a.label.Eval(in)
		if err != nil {
			e.notes = append(e.notes, rule.title()+": label: "+clean(err.Error()))
		}
		e.label = cut(withoutControls(label), maxLabel)
	}
	ops, notes := headerOps(a.headers, in, d.eventAttempt())
	e.headers = append(e.headers, ops...)
	for _, n := range notes {
		e.notes = append(e.notes, rule.title()+": "+n)
	}
	return ""
}

// maxLabel is the contract's bound for a label, and for a reason phrase, in bytes.
const maxLabel = 256

// route sets the way to a target.
func (e *edits) route(d *decision, a *Action, in *expr.Input) (fault string) {
	if len(a.via) > 0 && !d.can("routes") || a.nextHop != nil && !d.can("next_hop") {
		return `the edge names neither "routes" nor "next_hop", which the rule needs`
	}
	if len(a.via) > 0 {
		e.via = nil
	}
	for _, t := range a.via {
		uri, fault := sipURI(t, in)
		if fault != "" {
			return "via: " + fault
		}
		e.via = append(e.via, uri.WithLR())
	}
	if a.nextHop == nil {
		return ""
	}
	if text, literal := a.nextHop.Literal(); literal && text == onward {
		if !d.can(onward) {
			return `the edge does not name the feature "onward"`
		}
		e.nextHop = onward
		return ""
	}
	uri, fault := sipURI(a.nextHop, in)
	e.nextHop = uri.RequestURI()
	return fault
}

// sipURI works out a URI that a request can be sent to.
func sipURI(t *expr.Template, in *expr.Input) (sipuri.URI, string) {
	text, err := t.EvalURI(in)
	if err != nil {
		return sipuri.URI{}, clean(err.Error())
	}
	uri, err := sipuri.Parse(strings.Trim(text, "<> "))
	if err != nil {
		return sipuri.URI{}, clean(text) + ": " + clean(err.Error())
	}
	if !uri.IsSIP() {
		return sipuri.URI{}, clean(text) + " is no SIP URI"
	}
	return uri, ""
}

// editsOfCall returns what rules that are not about a contact make of a target
// that came from none, nil if nothing, and why it cannot go that way, if it cannot.
func (d *decision) editsOfCall(event events) (e *edits, fault string) {
	e = &edits{}
	for i := range d.profile.Rules {
		rule := &d.profile.Rules[i]
		if rule.On&event == 0 || rule.usesContact() || rule.Then.End != endNothing {
			continue
		}
		holds, why := d.holds(i, nil)
		if !holds {
			continue
		}
		if wrong := e.apply(d, rule, d.input(nil), why); wrong != "" && fault == "" {
			fault = rule.title() + ": " + wrong
		}
	}
	if len(e.reasons)+len(e.notes) == 0 {
		return nil, fault
	}
	return e, fault
}

// eventAttempt is the index of the attempt that brought the event.
func (d *decision) eventAttempt() uint32 { return uint32(len(d.attempts) - 1) }
