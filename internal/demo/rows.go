package demo

import "strconv"

// row is one call, and what must become of it.
type row struct {
	name    string              // by which Options.Only asks for it
	title   string              // what it shows
	dial    string              // the user part of what alice dials; one row each
	answers map[string]redirect // what the redirect servers say to that, by name
	edge    edgeKind
	down    bool // redirectd is stopped before the call
	want    want
}

// want is the expected outcome.
type want struct {
	status int
	from   string // who sent the final response; "" is the edge itself
	// invites are the INVITEs that the edge sends, in order: who gets it, the
	// Request-URI, and the Route if there is one.
	invites []string
}

func north(status int, contacts ...string) map[string]redirect {
	return map[string]redirect{"north": {status, contacts}}
}

// table is the 3xx table, one call a row. The one that stops redirectd is last.
var table = []row{
	{
		name: "300", title: "300 Multiple Choices: three contacts, tried by their q; the third one answers",
		dial: "sales", answers: north(300, "<sip:dave@{dave}>;q=0.1", "<sip:bob@{bob}>;q=0.9", "<sip:carol@{carol}>;q=0.5"),
		want: want{200, "dave", []string{
			"north sip:sales@example.com", "bob sip:bob@{bob}", "carol sip:carol@{carol}", "dave sip:dave@{dave}",
		}},
	},
	{
		name: "301", title: "301 Moved Permanently: the contact is tried",
		dial: "dave-of-old", answers: north(301, "<sip:dave@{dave}>"),
		want: want{200, "dave", []string{"north sip:dave-of-old@example.com", "dave sip:dave@{dave}"}},
	},
	{
		name: "302", title: "302 Moved Temporarily: of two contacts only the SIP one can be tried",
		dial: "desk", answers: north(302, "<tel:+18005550100>", "<sip:dave@{dave}>;q=0.5"),
		want: want{200, "dave", []string{"north sip:desk@example.com", "dave sip:dave@{dave}"}},
	},
	{
		name: "305", title: "305 Use Proxy: the contact becomes the Route, the Request-URI stays",
		dial: "erin", answers: north(305, "<sip:{proxy}>"),
		want: want{200, "proxy", []string{"north sip:erin@example.com", "proxy sip:erin@example.com Route <sip:{proxy};lr>"}},
	},
	{
		name: "380", title: "380 Alternative Service: not followed, its Contact is no target",
		dial: "frank", answers: north(380, "<sip:dave@{dave}>"),
		want: want{410, "", []string{"north sip:frank@example.com"}},
	},
	{
		name: "399", title: "399, a redirect that nobody knows: not followed",
		dial: "grace", answers: north(399, "<sip:dave@{dave}>"),
		want: want{410, "", []string{"north sip:grace@example.com"}},
	},
	disabledRow(300, "heidi", 410, "<sip:bob@{bob}>", "<sip:dave@{dave}>"),
	disabledRow(301, "ivan", 410, "<sip:dave@{dave}>"),
	disabledRow(302, "judy", 480, "<sip:dave@{dave}>"),
	disabledRow(305, "kim", 410, "<sip:{proxy}>"),
	{
		name: "nested", title: "nested: north redirects to south, and south to a phone",
		dial: "support", answers: map[string]redirect{
			"north": {302, []string{"<sip:support@{south}>"}},
			"south": {302, []string{"<sip:dave@{dave}>"}},
		},
		want: want{200, "dave", []string{
			"north sip:support@example.com", "south sip:support@{south}", "dave sip:dave@{dave}",
		}},
	},
	{
		name: "loop", title: "loop: north redirects to itself, again and again; nothing is tried twice",
		dial: "echo", answers: north(302, "<sip:echo@{north}>"),
		want: want{480, "", []string{"north sip:echo@example.com", "north sip:echo@{north}"}},
	},
	{
		name: "limit", title: "limit: twelve contacts that all fail; ten are tried, the best response goes to alice",
		dial: "anybody", answers: north(302, lineContacts(12)...),
		want: want{486, "lines", append([]string{"north sip:anybody@example.com"}, lineInvites(10)...)},
	},
	{
		name: "embedded", title: "embedded: the same policy inside sipedge, no wire between",
		dial: "mike", answers: north(302, "<sip:dave@{dave}>"), edge: embeddedPolicy,
		want: want{200, "dave", []string{"north sip:mike@example.com", "dave sip:dave@{dave}"}},
	},
	{
		name: "policy-down", title: "policy down: redirectd has died; sipedge answers by itself, and in time",
		dial: "nina", answers: north(302, "<sip:dave@{dave}>"), down: true,
		want: want{480, "", []string{"north sip:nina@example.com"}},
	},
}

func disabledRow(status int, dial string, mapped int, contacts ...string) row {
	code := strconv.Itoa(status)
	return row{
		name:  "disabled-" + code,
		title: "disabled: a profile that follows no redirect maps " + code + " to " + strconv.Itoa(mapped),
		dial:  dial, answers: north(status, contacts...), edge: disabled,
		want: want{mapped, "", []string{"north sip:" + dial + "@example.com"}},
	}
}

// lineContacts are contacts of the switchboard with descending q, as carriers
// send their routes.
func lineContacts(n int) []string {
	contacts := make([]string, n)
	for i := range contacts {
		contacts[i] = "<sip:line" + strconv.Itoa(i+1) + "@{lines}>;q=0." + strconv.Itoa(99-i)
	}
	return contacts
}

func lineInvites(n int) []string {
	invites := make([]string, n)
	for i := range invites {
		invites[i] = "lines sip:line" + strconv.Itoa(i+1) + "@{lines}"
	}
	return invites
}
