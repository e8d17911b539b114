package policy

import redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"

// passRedirect lets the 3xx itself go to the caller, with the contacts that
// guards and rules leave in it (redirect: pass_through).
func (d *decision) passRedirect(search *contacts, mapped int, e *redirectv1.Explanation) *redirectv1.DecideResponse {
	var stay []uint32
	for i := range search.verdicts {
		if search.verdicts[i].GetVerdict() == redirectv1.ContactVerdict_VERDICT_TAKEN {
			stay = append(stay, uint32(i))
		}
	}
	all := len(stay) == len(search.contacts) && search.omitted == 0
	switch {
	case !d.can("pass_through"):
		e.Text += `, the edge does not name the feature "pass_through"`
		return rejectMapped(mapped, e)
	case len(stay) == 0 && len(search.contacts) > 0:
		e.Text += ", no contact of it may pass"
		return rejectMapped(mapped, e)
	case !all && !d.can("filtered_pass_through"):
		e.Text += `, the edge does not name the feature "filtered_pass_through", and not all of it may pass`
		return rejectMapped(mapped, e)
	}
	p := &redirectv1.PassThrough{Which: redirectv1.PassThrough_WHICH_REDIRECT}
	if !all {
		p.ContactIndexes = stay
	}
	e.Text += ", it goes to the caller"
	if ed, _ := d.editsOfCall(onRedirect); ed != nil { // it takes no way
		if t := (&redirectv1.Target{}); d.can("header_ops") {
			d.addOps(t, ed.headers)
			p.HeaderOps = t.GetHeaderOps()
		}
		if why := ed.why(); why != "" {
			e.Text += "; " + why
		}
	}
	return &redirectv1.DecideResponse{Action: &redirectv1.DecideResponse_PassThrough{PassThrough: p}, Explanation: e}
}

// keep judges the contacts of a 3xx that passes: they are not tried, so only
// guards and rules speak against them.
func (c *contacts) keep() {
	for n, can := range c.candidates() {
		if n >= c.d.profile.MaxContacts {
			c.drop(can.index, "contact limit", c.d.profile.contactLimit())
			continue
		}
		v := &c.verdicts[can.index]
		v.Verdict, v.Rule = redirectv1.ContactVerdict_VERDICT_TAKEN, "pass_through"
		v.Text = clean(can.text) + " stays"
		if can.edits != nil {
			if why := can.edits.why(); why != "" {
				v.Text += "; " + why
			}
		}
	}
}
