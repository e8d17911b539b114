package demo

import (
	"strconv"
	"unicode/utf8"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// indent is where the text beside a label begins.
const indent = 14

// explain writes what the policy said to each question, and why.
func explain(s *screen, d *decision) {
	if d.err != nil {
		s.line(span{pad("  policy", indent), dim}, span{"no decision in " + millis(d.took), red})
		s.paragraph("", indent, span{d.err.Error(), dim})
		return
	}
	e := d.response.GetExplanation()
	s.line(span{pad("  policy", indent), dim}, span{d.by + ": " + action(d), cyan},
		span{"   (" + printable(e.GetRule()) + ")", dim})
	s.paragraph("", indent, span{e.GetText(), none})
	contacts := d.request.GetRedirect().GetContacts()
	widest := 0
	for _, c := range contacts {
		widest = max(widest, min(40, utf8.RuneCountInString(c.GetUri().GetText())))
	}
	for _, v := range e.GetContacts() {
		i := int(v.GetContact().GetIndex())
		if i < len(contacts) {
			contactVerdict(s, contacts[i], v, widest)
		}
	}
}

// contactVerdict writes what became of one contact.
func contactVerdict(s *screen, c *redirectv1.Contact, v *redirectv1.ContactVerdict, widest int) {
	mark, st := "✓ ", green
	if v.GetVerdict() == redirectv1.ContactVerdict_VERDICT_DROPPED {
		mark, st = "✗ ", red
	}
	uri := pad(printable(c.GetUri().GetText()), widest)
	column := indent + 2 + widest + 2
	for i, part := range wrap(v.GetText(), width-column) {
		if i > 0 {
			s.line(span{pad("", column), none}, span{part, none})
			continue
		}
		s.line(span{pad("", indent), none}, span{mark, st}, span{uri + "  ", none}, span{part, none})
	}
}

// action says in a few words what a decision does.
func action(d *decision) string {
	if d.err != nil {
		return "no decision"
	}
	switch a := d.response.GetAction().(type) {
	case *redirectv1.DecideResponse_TryTargets:
		if n := len(a.TryTargets.GetTargets()); n != 1 {
			return "try " + strconv.Itoa(n) + " targets"
		}
		return "try 1 target"
	case *redirectv1.DecideResponse_Reject:
		return "answer " + strconv.FormatUint(uint64(a.Reject.GetStatus()), 10)
	case *redirectv1.DecideResponse_PassThrough:
		return "let it pass"
	}
	return "says nothing"
}
