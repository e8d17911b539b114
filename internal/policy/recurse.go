package policy

import (
	"strconv"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// targetOf returns how a contact is tried, and what identifies that, or why it
// is not.
func (d *decision) targetOf(status int, can *candidate) (*redirectv1.Target, identity, refusal) {
	var t *redirectv1.Target
	routed := can.edits != nil && len(can.edits.via)+len(can.edits.nextHop) > 0
	if d.profile.Use == UsePlace && (!routed || status == 305) && !can.uri.IsSIP() {
		return nil, identity{}, refusal{rule: "scheme", text: clean(can.uri.Text) + " has the scheme " + clean(can.uri.Scheme) + "; only sip and sips can be tried"}
	}
	switch {
	case d.profile.Use == UseNumber:
		var why refusal
		if t, why = d.portedTarget(can); why.rule != "" {
			return nil, identity{}, why
		}
	case status == 305:
		// A 305 repeats the Request-URI of the attempt that got it, unchanged,
		// through the proxy that Contact names (21.3.4): the proxy becomes the one
		// route, with lr, without which its URI would go into the Request-URI (16.6
		// step 6).
		t = &redirectv1.Target{Uri: d.last().GetTarget().GetUri(), Routes: []string{can.uri.WithLR()}}
	default:
		// Any other 3xx puts the contact into the Request-URI (16.6 step 2).
		t = &redirectv1.Target{Uri: can.uri.RequestURI()}
		if !routed && t.GetUri() == can.uri.Text { // it was read already
			return t, identity{uri: can.uri}, refusal{}
		}
	}
	if e := can.edits; e != nil {
		if len(e.via)+len(t.GetRoutes()) > maxRoutes {
			return nil, identity{}, refusal{rule: "routes", text: clean(can.uri.Text) + " and the routes to it are more than " + strconv.Itoa(maxRoutes)}
		}
		e.lead(t)
	}
	return t, identify(t), refusal{}
}

// sizeOf returns what a target takes in an answer, in bytes, rounded up.
func sizeOf(t *redirectv1.Target) int { return proto.Size(t) + targetFraming }

// takeOriginal sends the original target onward, whatever the contacts say.
func (c *contacts) takeOriginal() {
	d := c.d
	c.dropAll("use", "the 3xx is data and not a place (use: headers)")
	t := &redirectv1.Target{Uri: d.call.GetRequestUri().GetText(), NextHop: onward}
	e, fault := d.editsOfCall(onRedirect)
	if fault != "" {
		c.extra = fault
		return
	}
	if e != nil {
		e.lead(t)
	}
	id := identify(t)
	if c.secure != "" && id.degrades() {
		shown := t.GetNextHop()
		if id.uri.Scheme == "sip" {
			shown = t.GetUri()
		}
		c.extra = degradesText(shown, c.secure)
		return
	}
	if n := find(d.tried, &id); n >= 0 {
		c.extra = d.triedText(t.GetUri(), t.GetUri(), n)
		return
	}
	d.finish(t, e)
	size := sizeOf(t)
	if rule, why := d.limit.exceeded(len(d.targets), size); rule != "" {
		c.extra = why
		return
	}
	d.take(t, id, size)
	c.onward = true
	if e != nil {
		c.extra = e.why()
	}
}
