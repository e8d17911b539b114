package policy

import (
	"slices"
	"strconv"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// diversion returns a Diversion header field for each redirect that led to the
// target, the newest on top (RFC 5806 section 4), and those of the caller's
// request below.
func (d *decision) diversion() []*redirectv1.HeaderOp {
	privacy := ";privacy=off"
	if d.hidesHistory() {
		privacy = ";privacy=full"
	}
	var ops []*redirectv1.HeaderOp
	for _, i := range d.redirectsTo(int(d.eventAttempt())) {
		a := d.attempts[i]
		uri := reading(a.GetTarget().GetUri())
		if uri.Scheme == "" { // it might not stay within its brackets
			d.note("Diversion: " + clean(uri.Text) + " cannot be read and is left out")
			continue
		}
		value := "<" + uri.RequestURI() + ">;reason=" + diversionReason(causeOf(a.GetResponse())) + ";counter=1" + privacy
		if len(ops) == 0 {
			ops = append(ops, setOp(&redirectv1.Header{Name: "Diversion", Value: value}))
		} else {
			ops = append(ops, addOp(&redirectv1.Header{Name: "Diversion", Value: value}))
		}
	}
	return append(ops, copyOp(redirectv1.MessageRef_MESSAGE_REF_REQUEST, "Diversion", "", false, 0))
}

// redirectsTo returns the attempts whose 3xx led to a contact of that attempt,
// the newest first.
func (d *decision) redirectsTo(attempt int) []int {
	chain := []int{attempt}
	for {
		from := d.attempts[attempt].GetTarget().GetContact()
		if from == nil || int64(from.GetAttempt()) >= int64(attempt) { // what is not older is not to be believed
			return chain
		}
		attempt = int(from.GetAttempt())
		chain = append(chain, attempt)
	}
}

// causeOf returns why a redirect diverted: the SIP cause of its Reason header
// field (RFC 3326), otherwise its status.
func causeOf(r *redirectv1.SipResponse) int {
	for _, h := range r.GetHeaders() {
		if !strings.EqualFold(h.GetName(), "Reason") {
			continue
		}
		protocol, params, _ := strings.Cut(h.GetValue(), ";")
		if !strings.EqualFold(strings.TrimSpace(protocol), "SIP") {
			continue
		}
		for param := range strings.SplitSeq(params, ";") {
			name, value, _ := strings.Cut(param, "=")
			if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && strings.EqualFold(strings.TrimSpace(name), "cause") && n >= 100 && n <= 699 {
				return n
			}
		}
	}
	return int(r.GetStatus())
}

// diversionReason is the table of RFC 7544 section 7.1, with every 3xx as
// unconditional.
func diversionReason(cause int) string {
	switch {
	case cause >= 300 && cause <= 399:
		return "unconditional"
	case cause == 486 || cause == 600:
		return "user-busy"
	case cause == 408:
		return "no-answer"
	case cause == 480 || cause == 487:
		return "deflection"
	case cause == 503:
		return "unavailable"
	}
	return "unknown"
}

// hidesHistory reports whether the caller asks for privacy of where the call was
// (RFC 7044 section 10.1.2, RFC 3323).
func (d *decision) hidesHistory() bool {
	for _, h := range d.call.GetHeaders() {
		if !strings.EqualFold(h.GetName(), "Privacy") {
			continue
		}
		for value := range strings.FieldsFuncSeq(h.GetValue(), func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
			switch strings.ToLower(value) {
			case "history", "header", "session":
				return true
			}
		}
	}
	return false
}

// withHeaders returns a URI with members of its "?headers" part added, but for
// those that it has.
func withHeaders(uri *sipuri.URI, headers ...string) string {
	headers = slices.DeleteFunc(slices.Clone(headers), func(h string) bool {
		name, _, _ := strings.Cut(h, "=")
		return slices.ContainsFunc(uri.Headers, func(p sipuri.Param) bool { return strings.EqualFold(p.Name, name) })
	})
	if len(headers) == 0 {
		return uri.Text
	}
	sep := "?"
	if uri.IsSIP() && strings.Contains(uri.Text, "?") {
		sep = "&"
	}
	return uri.Text + sep + strings.Join(headers, "&")
}
