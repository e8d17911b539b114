package policy

import redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"

// targetOf returns how a contact is tried, and what identifies that.
//
// A 305 repeats the Request-URI of the attempt that got it, unchanged, through
// the proxy that Contact names (21.3.4): the proxy becomes the one route, with
// lr, without which its URI would go into the Request-URI (16.6 step 6). Any
// other 3xx puts the contact into the Request-URI (16.6 step 2).
func (d *decision) targetOf(status int, can *candidate) (*redirectv1.Target, identity) {
	if status == 305 {
		t := &redirectv1.Target{Uri: d.last().GetTarget().GetUri(), Routes: []string{can.uri.WithLR()}}
		return t, identify(t)
	}
	uri := can.uri.RequestURI()
	if uri == can.uri.Text { // it was read already
		return &redirectv1.Target{Uri: uri}, identity{uri: can.uri}
	}
	return &redirectv1.Target{Uri: uri}, identity{uri: reading(uri)}
}
