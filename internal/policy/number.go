package policy

import (
	"slices"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// portability are the parameters that say where a ported number is served, and by
// whom (RFC 4694; the contexts belong to numbers that are not global).
var portability = []string{"rn", "rn-context", "cic", "cic-context", "npdi"}

// portedTarget returns the original target with the portability data of a
// contact, which goes onward: the contact is an answer of a database, not a place.
func (d *decision) portedTarget(can *candidate) (*redirectv1.Target, refusal) {
	data := portabilityOf(&can.uri)
	if len(data) == 0 {
		return nil, refusal{rule: "use", text: clean(can.text) + " has none of rn, cic and npdi (use: number)"}
	}
	original, err := sipuri.Parse(d.call.GetRequestUri().GetText())
	if err != nil || original.User == "" {
		return nil, refusal{rule: "use", text: "the Request-URI " + clean(d.call.GetRequestUri().GetText()) + " has no number to add rn, cic or npdi to (use: number)"}
	}
	uri := withNumberParams(&original, data)
	if _, err := sipuri.Parse(uri); err != nil {
		return nil, refusal{rule: "use", text: clean(can.text) + ": " + clean(err.Error())}
	}
	return &redirectv1.Target{Uri: uri, NextHop: onward}, refusal{}
}

// portabilityOf returns the parameters of a number: those of a tel URI, and of a
// SIP URI those in its user part (19.1.6) or, as some send them, in the URI.
func portabilityOf(u *sipuri.URI) []string {
	var found []string
	add := func(param string) {
		name, value, _ := strings.Cut(param, "=")
		if !slices.ContainsFunc(portability, func(p string) bool { return strings.EqualFold(p, name) }) || !isPlain(value) {
			return
		}
		if !slices.ContainsFunc(found, func(f string) bool { n, _, _ := strings.Cut(f, "="); return strings.EqualFold(n, name) }) {
			found = append(found, param) // the first of a name counts (RFC 3966 section 3)
		}
	}
	if u.IsSIP() {
		_, params, _ := strings.Cut(u.User, ";")
		for param := range strings.SplitSeq(params, ";") {
			add(param)
		}
	}
	if len(found) > 0 && u.IsSIP() {
		return found // those of the user part are the number's own
	}
	for _, p := range u.Params {
		if p.HasValue {
			add(p.Name + "=" + p.Value)
		} else {
			add(p.Name)
		}
	}
	return found
}

// isPlain reports whether a value stays one in the user part of a SIP URI: a number or
// a domain does, "+1:secret" would bring a password.
func isPlain(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("-_.!~*'()+%&$/", r)
	})
}

// withNumberParams puts parameters after the number of a URI, in the place of
// those of the same name.
func withNumberParams(u *sipuri.URI, params []string) string {
	number, old, _ := strings.Cut(u.User, ";")
	rest := u.Text[len(u.Scheme)+1+len(u.User):]
	if !u.IsSIP() {
		rest = ""
		_, old, _ = strings.Cut(u.Text, ";")
	}
	var user strings.Builder
	user.WriteString(number)
	for param := range strings.SplitSeq(old, ";") {
		name, _, _ := strings.Cut(param, "=")
		if param != "" && !slices.ContainsFunc(portability, func(p string) bool { return strings.EqualFold(p, name) }) {
			user.WriteString(";" + param)
		}
	}
	return u.Text[:len(u.Scheme)+1] + user.String() + ";" + strings.Join(params, ";") + rest
}
