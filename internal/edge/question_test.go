package edge

import (
	"slices"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestTheQuestion asserts what a policy is told at the second event of a call.
func TestTheQuestion(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	questions := make(chan *requestT, 8)
	builtin := policy.NewBuiltin(policy.DefaultConfig())
	e := startEdge(t, nextHop(server.URI("")), withPolicy(policy.Func(func(ctx contextT, req *requestT) (*responseT, error) {
		questions <- req
		d, err := builtin.Decide(ctx, req)
		d.PolicyState = []byte("state")
		if try := d.GetTryTargets(); try != nil {
			try.ConsultOnFailure = true
		}
		return d, err
	})), func(o *Options) { o.Config.Profile = "default" })
	call := caller.Invite(e.udp, "sip:bob@example.com;x=%41", siptest.Header("Diversion", "<sip:a@b>"), siptest.Header("X-Secret", "s"))
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily",
		`Contact: "Bob, B." <`+target.URI("bob")+`>;q=0.7;expires=60;x="a;b", <tel:+15551234>`, "Reason: SIP;cause=302", "X-Any: \xff")
	server.Expect("ACK ")
	invite := target.Expect("INVITE ")
	target.Respond(invite, 180, "Ringing")
	first := <-questions
	if got := first.GetCall(); got.GetMethod() != "INVITE" || got.GetRequestUri().GetText() != "sip:bob@example.com;x=%41" ||
		got.GetProfile() != "default" || got.GetTransport() != "udp" || got.GetSourceAddress() != caller.Addr().String() ||
		got.GetCallId() != call.CallID || got.GetTimeLeft().AsDuration() <= 0 {
		t.Errorf("call: %v", got)
	}
	if own := first.GetEdge().GetOwnAddresses(); !slices.Contains(own, e.udp.String()) {
		t.Errorf("own addresses: %v, want %s among them", own, e.udp)
	}
	if left := first.GetEdge().AttemptsLeft; left == nil || *left != 63 {
		t.Errorf("attempts left: %v, want 63", left)
	}
	if h := first.GetCall().GetHeaders(); len(h) != 1 || h[0].GetName() != "Diversion" || h[0].GetValue() != "<sip:a@b>" {
		t.Errorf("shown headers: %v", h)
	}
	contacts := first.GetRedirect().GetContacts()
	if len(contacts) != 2 || contacts[0].GetQMilli() != 700 || contacts[0].GetExpiresSeconds() != 60 ||
		contacts[0].GetUri().GetDisplayName() != "Bob, B." || contacts[0].GetParams()[0].GetValue() != "a;b" ||
		contacts[1].GetUri().GetScheme() != "tel" {
		t.Errorf("contacts: %v", contacts)
	}
	var raw []byte
	for _, h := range first.GetRedirect().GetResponse().GetHeaders() {
		if h.GetName() == "X-Any" {
			raw = h.GetRawValue()
		}
	}
	if string(raw) != "\xff" {
		t.Errorf("raw_value is %q, want the exact byte", raw)
	}
	if len(first.GetAttempts()) != 1 || first.GetAttempts()[0].GetTarget().GetNextHop() != server.URI("") {
		t.Errorf("attempts: %v", first.GetAttempts())
	}
	caller.ExpectSkipping100("SIP/2.0 180")
	target.Respond(invite, 486, "Busy Here")
	target.Expect("ACK ")
	checkFailureQuestion(t, target, <-questions)
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
}

// checkFailureQuestion asserts what a policy is told of a target that rang and
// was busy.
func checkFailureQuestion(t *testing.T, target *siptest.Peer, second *requestT) {
	t.Helper()
	attempts := second.GetAttempts()
	if second.GetFailure() == nil || string(second.GetPolicyState()) != "state" || len(attempts) != 2 {
		t.Fatalf("second question: %v", second)
	}
	a := attempts[1]
	if !a.GetRang() || a.GetProvisionalStatus() != 180 || a.GetResponse().GetStatus() != 486 ||
		a.GetOutcome() != redirectv1.Outcome_OUTCOME_RESPONSE || a.GetDestinationAddress() != target.Addr().String() {
		t.Errorf("second attempt: %v", a)
	}
}
