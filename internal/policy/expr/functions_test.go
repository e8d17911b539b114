package expr_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/policy/expr"
)

// TestExamples: what the documentation says that a function results in is what
// it results in, computed at once or at each evaluation.
func TestExamples(t *testing.T) {
	env := environment(t)
	for _, f := range expr.Functions() {
		if !strings.HasPrefix(f.Signature, f.Name+"(") || !strings.Contains(f.Example, f.Name+"(") || !strings.HasSuffix(f.Text, ".") {
			t.Errorf("%s: %s, %s, %s", f.Name, f.Signature, f.Example, f.Text)
		}
		for _, src := range []string{
			f.Example + " == " + f.Result,
			// A text that is no literal keeps it from being computed beforehand.
			firstText.ReplaceAllString(f.Example, "($1 + call.profile") + " == " + f.Result,
		} {
			if strings.Contains(src, "share(\"canary\" +") {
				continue // has to be written out
			}
			c, err := env.Condition(src)
			if err != nil {
				t.Errorf("%s: %s", src, rendered(err))
				continue
			}
			if ok, err := c.Eval(ask()); !ok || err != nil {
				t.Errorf("%s: %v, %v", src, ok, err)
			}
		}
	}
}

// TestVariables: each is there, of the type that its documentation says.
func TestVariables(t *testing.T) {
	env := environment(t)
	for _, v := range expr.Variables() {
		if v.Text == "" {
			t.Errorf("%s has no text", v.Name)
		}
		_, err := env.Template("${" + v.Name + "}")
		got := rendered(err)
		if !strings.Contains(got, "this is a "+v.Type+",") && !strings.Contains(got, "this is an "+v.Type+",") {
			t.Errorf("%s: %s, want type %s", v.Name, got, v.Type)
		}
	}
}

var firstText = regexp.MustCompile(`\(("(?:[^"\\]|\\.)*")`)

// TestFunctions: each value is a condition that holds for the question and its
// first contact.
func TestFunctions(t *testing.T) {
	env := environment(t)
	for _, src := range []string{
		`e164(contact) == "+19005551212" && e164(contact.uri) == e164(contact)`,
		`e164(call.caller) == "+442079460000" && region(call.caller) == "GB"`,
		`e164(redirect.contacts[1]) == "+19005551213"`,
		`e164(redirect.contacts[2]) == ""`,
		`e164(header(response, "Diversion")) == "+12125550100"`,
		`e164("sip:2125550100@h") == "" && e164("sip:2125550100@h", "US") == "+12125550100"`,
		`e164("2125550100", call.attributes["region"]) == "+12125550100"`,
		`region("+19005551212") == "US" && region("+80012345678") == "001" && region("") == "" && region("+999123456") == ""`,
		`is_valid_number("+12125550100") && !is_valid_number("+1212555") && !is_valid_number("2125550100")`,
		`in_list(contact, "premium") && in_list(contact.uri, "premium") && in_list("sip:+1900@h", "premium")`,
		`!in_list(call.caller, "premium") && !in_list("19005551212", "premium")`,
		`in_list(contact, "partners") && in_list("x.PARTNER.example.", "partners") && !in_list("partner.example", "partners")`,
		`in_list("b.example:5060", "partners") && !in_list(redirect.contacts[1], "partners")`,
		`in_list(call.source_address, "inside") && in_list(redirect.contacts[2], "inside") && in_list("[2001:db8::5]:5061", "inside")`,
		`!in_list(contact, "inside") && !in_list("198.51.100.1", "inside")`,
		`longest_prefix(contact, "premium") == "+1900" && longest_prefix(call.caller, "europe") == "+4420" && longest_prefix(contact, "europe") == ""`,
		`in_network(call.source_address, "192.0.2.0/24") && !in_network(call.source_address, "192.0.3.0/24")`,
		`in_network(redirect.contacts[2], "2001:db8::/32") && !in_network(contact, "0.0.0.0/0")`,
		`in_network("::ffff:192.0.2.1", "192.0.2.1") && in_network("[2001:db8::1]", "2001:db8::/32")`,
		`!in_network("", "0.0.0.0/0") && !in_network("face.example", "::/0") && !in_network("1.example:5060", "0.0.0.0/0")`,
		`in_domain(contact, "b.example") && in_domain(contact, "*.example") && !in_domain(contact, "*.b.example")`,
		`in_domain("A.B.Example.", "*.b.example") && in_domain("a.b.example:5060", "A.B.example.") && !in_domain("xb.example", "*.b.example")`,
		`!in_domain("b.example", "*.b.example") && !in_domain(".b.example", "*.b.example") && !in_domain("", "b.example")`,
		`param(contact.uri, "rn") == "+12125550199" && param(contact, "RN") == "+12125550199" && param(redirect.contacts[1], "rn") == "+12125550198"`,
		`param(contact, "transport") == "tcp" && param(contact, "npdi") == "" && param(contact, "maddr") == ""`,
		`has_param(contact, "npdi") && has_param(contact, "Transport") && !has_param(redirect.contacts[1], "npdi") && !has_param(contact, "x")`,
		`param("tel:+15550100;rn=+15550199;npdi", "rn") == "+15550199" && has_param("<sip:a@h;lr>;x=1", "lr") && !has_param("<sip:a@h>;x=1", "x")`,
		`param("not a uri", "x") == "" && !has_param("", "x")`,
		`header(call, "x-tenant") == "acme" && header(call, "X") == ""`,
		`header(response, "diversion") == header(redirect, "Diversion") && headers(redirect, "DIVERSION").size() == 2 && headers(call, "x") == []`,
		`headers(response, "Diversion").map(d, header_param(d, "reason")) == ["no-answer", "user-busy"]`,
		`header_param(contact, "X") == "1" && header_param(contact, "y") == ""`,
		`header_param("\"a;reason=x\" <sip:a@h;reason=y>;reason=z, <sip:b@h>;reason=w", "reason") == "z"`,
		`header_param("<sip:a@h;x=1>, <sip:b@h>;reason=w", "reason") == "" && header_param("SIP;cause=302;text=\"a;b\\\"c\"", "text") == "a;b\"c"`,
		`header_param("", "x") == "" && header_param("<sip:a@h", "x") == "" && header_param("sip:a@h;x=1", "x") == "1"`,
		`q(contact) == 0.5 && q(redirect.contacts[1]) == 0.0 && q(redirect.contacts[2]) == 1.0`,
		`uri("sip:a@b.example:5070;lr?X=y").host == "b.example" && uri(attempts[0].target.uri).user == "+12125550100"`,
		`uri("nonsense").text == "nonsense" && uri("nonsense").host == ""`,
		`uri("\"a<b\" <sip:c@d>").host == "d" && uri("sip:%61%ff@h").user == "a\ufffd"`,
		`[contact].exists(c, e164(c.uri, "US") == "+19005551212") && redirect.contacts.all(c, region(c) in ["US", ""])`,
		`in_time(timestamp("2026-01-11T02:00:00Z"), "Sa 22:00-04:00", "UTC") && in_time(timestamp("2026-01-12T02:00:00Z"), "Su 22:00-04:00", "UTC")`,
	} {
		c, err := env.Condition(src)
		if err != nil {
			t.Errorf("%s: %s", src, rendered(err))
			continue
		}
		for part := range strings.SplitSeq(src, " && ") {
			c, err := env.Condition(part)
			if err != nil {
				t.Errorf("%s: %s", part, rendered(err))
				continue
			}
			if ok, err := c.Eval(ask()); !ok || err != nil {
				t.Errorf("%s: %v, %v", part, ok, err)
			}
		}
		// The program that explains comes to the same, by another way.
		if ok, err := c.Eval(ask()); !ok || err != nil {
			t.Errorf("%s: %v, %v", src, ok, err)
		}
	}
}

// TestWatchedIsTheSame: the program that is watched, without the shortcuts of
// the fast one, comes to the same results.
func TestWatchedIsTheSame(t *testing.T) {
	env := environment(t)
	req := question()
	contact := req.GetRedirect().GetContacts()[0]
	for range 70 { // beyond the bounds of the contract
		req.Attempts = append(req.Attempts, req.GetAttempts()[0])
	}
	for _, f := range expr.Functions() {
		c, err := env.Condition(f.Example + " == " + f.Result)
		if err != nil {
			t.Fatal(rendered(err))
		}
		if ok, err := c.Eval(expr.NewInput(req).SetContact(contact)); !ok || err != nil {
			t.Errorf("%s: %v, %v", f.Example, ok, err)
		}
	}
	for _, src := range []string{
		`e164(contact, "US") == "+19005551212" && region(contact) == "US" && is_valid_number(contact) == false`,
		`in_list(contact, "premium") && in_domain(contact, "*.example") && in_network(call.source_address, "192.0.2.0/24")`,
		`in_time(now, "Mo", "UTC") && share("x", 100) && header(call, "X-Tenant") == "acme"`,
	} {
		c, err := env.Condition(src)
		if err != nil {
			t.Fatal(rendered(err))
		}
		small, err1 := c.Eval(ask())
		large, err2 := c.Eval(expr.NewInput(req).SetContact(contact))
		if small != large || err1 != nil || err2 != nil {
			t.Errorf("%s: %v, %v; %v, %v", src, small, err1, large, err2)
		}
	}
}
