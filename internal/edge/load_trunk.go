package edge

import (
	"slices"
	"strings"
	"time"

	"github.com/redirectd/redirectd/internal/decision"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

func readTrunk(m *strictyaml.Map, before []Trunk) Trunk {
	var t Trunk
	if m.Require("name") && m.String("name", &t.Name) {
		if slices.ContainsFunc(before, func(other Trunk) bool { return other.Name == t.Name }) {
			m.Failf("name", "%q is the name of an earlier trunk", t.Name)
		}
	}
	readCriteria(m, &t)
	readHops(m, "next_hop", &t.NextHop)
	readHops(m, "onward", &t.Onward)
	m.Duration("response_timeout", &t.ResponseTimeout, 100*time.Millisecond, 32*time.Second)
	var role, recurseFrom, oversize, credentials string
	m.Enum("role", &role, string(RoleProxy), string(RoleRedirectServer))
	m.Enum("recurse_from", &recurseFrom, string(RecurseFromAny), string(RecurseFromNextHop))
	m.Enum("oversize", &oversize, string(OversizeTCP), string(OversizeUDP))
	t.Role, t.RecurseFrom, t.Oversize = Role(role), RecurseFrom(recurseFrom), Oversize(oversize)
	m.String("profile", &t.Profile)
	m.Some("methods", func(v strictyaml.Value) { readMethod(v, &t.Methods) })
	m.Enum("credentials", &credentials, "strip", "forward")
	t.ForwardCredentials = credentials == "forward"
	readHeaderLists(m, &t.ShownHeaders, &t.AllowedHeaders)
	readTrunkLimits(m.Map("limits"), &t.Limits)
	if targets := m.Map("targets"); targets != nil {
		t.Targets = new(readTargets(targets))
	}
	t.Attributes = readAttributes(m.Map("attributes"))
	m.Done()
	return t
}

// readCriteria reads what a request is known by. That there is any is checked
// here, because here is the line.
func readCriteria(m *strictyaml.Map, t *Trunk) {
	m.Some("from", func(v strictyaml.Value) {
		v.Like("", "192.0.2.0/24", "192.0.2.1")
		prefix, err := parsePrefix(v.Text)
		if err != nil {
			v.Failf("%q is no address and no network: want 192.0.2.1 or 192.0.2.0/24", v.Text)
			return
		}
		t.From = append(t.From, prefix)
	})
	m.Some("listeners", readAddress(&t.Listeners))
	m.Some("tls_names", func(v strictyaml.Value) {
		v.Examples("sip.example.com")
		name := strings.ToLower(v.Text)
		if !isDomain(name) {
			v.Failf("%q is no domain: want one such as sip.example.com, without a wildcard (RFC 5922 section 7.2)", v.Text)
			return
		}
		t.TLSNames = append(t.TLSNames, name)
	})
	m.RequireAny("a trunk has at least one of from, listeners and tls_names", "from", "listeners", "tls_names")
}

// isDomain reports whether s is a host name of RFC 1123 that is no address.
func isDomain(s string) bool {
	if len(s) > 253 {
		return false
	}
	last := ""
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
		last = label
	}
	return strings.Trim(last, "0123456789") != ""
}

// readMethod reads a method that a trunk may send outside a dialog.
func readMethod(v strictyaml.Value, into *[]string) {
	v.Examples("INVITE", "OPTIONS", "REGISTER", "SUBSCRIBE", "MESSAGE")
	switch upper := strings.ToUpper(v.Text); {
	case !decision.IsToken(v.Text):
		v.Failf("%q is no method: want one such as INVITE", v.Text)
	case upper != v.Text && methodLabel(upper) == upper: // methods are compared as they are (7.1)
		v.Failf("%q is another method than %s: write it in capitals", v.Text, upper)
	case v.Text == "ACK" || v.Text == "CANCEL":
		v.Failf("%s goes with its INVITE: leave it out", v.Text)
	default:
		*into = append(*into, v.Text)
	}
}

func readAttributes(m *strictyaml.Map) map[string]string {
	if m == nil {
		return nil
	}
	attributes := make(map[string]string)
	m.Entries(func(key, value strictyaml.Value) {
		if len(attributes) == 64 {
			key.Failf("more than 64 attributes")
			return
		}
		attributes[key.Text] = value.Text
	})
	return attributes
}
