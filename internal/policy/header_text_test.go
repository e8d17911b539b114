package policy_test

import (
	"strings"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// TestGeneratedHeadersAreSound: what a caller or an edge wrote stays within a value,
// and a value within one line.
func TestGeneratedHeadersAreSound(t *testing.T) {
	const config = "profiles: [{name: default, diversion: true, history_info: true}]"
	for _, uri := range []string{"sip:a@h>;x=<y", "sip:a@h\r\nX-Evil: 1", "sip:a@h\x00", "sip:" + strings.Repeat("a", 9000) + "@h", "x"} {
		ask := policytest.Redirected(302, "", policytest.Contact("sip:a@gw"))
		ask.Edge.Features = append(ask.GetEdge().GetFeatures(), "header_ops")
		ask.Attempts[0].Target.Uri = uri
		if !strings.ContainsAny(uri, "\r\n\x00") { // that is no question
			ask.Call.RequestUri.Text = uri
		}
		for _, op := range decide(t, config, ask).GetTryTargets().GetTargets()[0].GetHeaderOps() {
			if v := op.GetSet().GetValue(); strings.Contains(v, "<"+uri) {
				t.Errorf("%.60q: %.200q", uri, v)
			}
		}
	}
	ask := policytest.Redirected(302, "", policytest.Contact("sip:a@gw"))
	ask.Edge.Features = append(ask.GetEdge().GetFeatures(), "header_ops")
	ask.Call.Headers = []*redirectv1.Header{{Name: "History-Info", Value: "<sip:b@h>;index=1\r\nX-Evil: 1, <sip:+15550100@edge.test>;index=1.1"}}
	decide(t, config, ask) // it is sound
}

// TestPortabilityDataIsData: nothing else comes into the Request-URI with it.
func TestPortabilityDataIsData(t *testing.T) {
	for _, c := range []struct{ contact, want string }{
		{"tel:+18005551212;rn=+18003560000;rn=+19005551212;npdi", "try sip:+15550100;rn=+18003560000;npdi@edge.test at onward; exhausted 480 if none"},
		{"sip:+1800;rn=+1801;RN=+1900@h", "try sip:+15550100;rn=+1801@edge.test at onward; exhausted 480 if none"},
		{"tel:+18005551212;cic=+1:secret;npdi", "try sip:+15550100;npdi@edge.test at onward; exhausted 480 if none"},
		{"tel:+18005551212;rn=+1@evil.example", "reject 480"},
		{"tel:+18005551212;rn=+1?Route=x;npdi", "try sip:+15550100;npdi@edge.test at onward; exhausted 480 if none"},
		{"tel:+18005551212;rn=%2B1801", "try sip:+15550100;rn=%2B1801@edge.test at onward; exhausted 480 if none"},
		{"sip:+1800@h;user=phone;rn=+1801;npdi;cic=+1555", "try sip:+15550100;rn=+1801;npdi;cic=+1555@edge.test at onward; exhausted 480 if none"},
		{"sip:+1800;npdi@h;rn=+1801", "try sip:+15550100;npdi@edge.test at onward; exhausted 480 if none"},
		{"TEL:+18005551212;RN=+1801;NPDI", "try sip:+15550100;RN=+1801;NPDI@edge.test at onward; exhausted 480 if none"},
	} {
		ask := policytest.Redirected(302, "", policytest.Contact(c.contact))
		ask.Edge.Features = append(ask.GetEdge().GetFeatures(), "onward")
		if got := policytest.Summary(decide(t, "profiles: [{name: default, preset: lnp}]", ask)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.contact, got, c.want)
		}
	}
}

// TestWhatNoPolicyMayTouch: as docs/policy.md has it.
func TestWhatNoPolicyMayTouch(t *testing.T) {
	for _, name := range []string{"Via", "from", "TO", "Call-ID", "CSeq", "Route", "Contact", "Content-Length", "Content-Disposition", "content-type", "Authorization", "Proxy-Authorization", "v"} {
		for _, action := range []string{"{remove: " + name + "}", "{copy: X-A, as: " + name + "}", "{set: " + name + ", value: x}"} {
			if _, err := policy.ParseConfig("p.yaml", []byte("profiles: [{name: default, rules: [{name: r, then: {headers: ["+action+"]}}]}]")); err == nil {
				t.Errorf("%s is taken", action)
			}
		}
	}
}

// TestAdviceChangesNoContact: what only a contact has is refused when the file is
// read.
func TestAdviceChangesNoContact(t *testing.T) {
	_, err := policy.ParseConfig("p.yaml", []byte("profiles: [{name: default, rules: [{name: r, on: [advice], then: {rewrite: {host: gw}}}]}]"))
	if err == nil || !strings.Contains(err.Error(), "an advice has no contacts") {
		t.Errorf("got %v", err)
	}
}
