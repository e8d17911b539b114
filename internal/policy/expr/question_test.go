package expr_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/expr"
)

// question is a 302 with three contacts in answer to a call from carrier-a, on
// a Monday at 10:30 in Berlin.
func question() *redirectv1.DecideRequest {
	target := &redirectv1.Target{Uri: "sip:+12125550100@edge.example", NextHop: "sip:192.0.2.10:5060"}
	response := &redirectv1.SipResponse{
		Status: 302, ReasonPhrase: "Moved Temporarily", SourceAddress: "192.0.2.10:5060",
		Headers: []*redirectv1.Header{
			{Name: "Diversion", Value: `"Bob" <sip:+12125550100@edge.example>;reason=no-answer;counter=1`},
			{Name: "diversion", Value: `<sip:+12125550101@edge.example>;reason="user-busy"`},
		},
	}
	return &redirectv1.DecideRequest{
		RequestId: "1", AskedAt: timestamppb.New(time.Date(2026, 1, 5, 9, 30, 0, 0, time.UTC)),
		Edge: &redirectv1.Edge{Instance: "edge-1", Zone: "eu-1", AttemptsLeft: proto.Uint32(0), Features: []string{"routes", "onward"}},
		Call: &redirectv1.Call{
			Method: "INVITE", CallId: "a84b4c76e66710", SourceAddress: "192.0.2.1:5060", Transport: "udp", Trunk: "carrier-a",
			RequestUri: sipURI("sip:+12125550100@edge.example", "sip", "+12125550100", "edge.example", 0),
			Caller:     sipURI("sip:+442079460000@carrier.example", "sip", "+442079460000", "carrier.example", 0),
			Callee:     sipURI("sip:+12125550100@edge.example", "sip", "+12125550100", "edge.example", 0),
			Headers:    []*redirectv1.Header{{Name: "X-Tenant", Value: "acme"}},
			ReceivedAt: timestamppb.New(time.Date(2026, 1, 5, 9, 29, 58, 0, time.UTC)), TimeLeft: durationpb.New(28 * time.Second),
			Attributes: map[string]string{"region": "US"},
		},
		Event: &redirectv1.DecideRequest_Redirect{Redirect: &redirectv1.Redirect{Response: response, Contacts: []*redirectv1.Contact{
			{
				Uri:    sipURI("sip:+1-900-555-1212;rn=+12125550199;npdi@b.example:5070;transport=tcp", "sip", "+1-900-555-1212;rn=+12125550199;npdi", "b.example", 5070, "transport", "tcp"),
				QMilli: proto.Uint32(500), Params: []*redirectv1.Param{{Name: "x", Value: "1"}},
			},
			{Uri: sipURI("tel:+19005551213;rn=+12125550198", "tel", "+19005551213", "", 0, "rn", "+12125550198"), QMilli: proto.Uint32(0)},
			{Uri: sipURI("sips:alice@[2001:db8::1]", "sips", "alice", "2001:db8::1", 0)},
		}}},
		Attempts: []*redirectv1.Attempt{{
			Target: target, Outcome: redirectv1.Outcome_OUTCOME_RESPONSE, Response: response, DestinationAddress: "192.0.2.10:5060", Trunk: "core",
			StartedAt: timestamppb.New(time.Date(2026, 1, 5, 9, 29, 59, 0, time.UTC)), Duration: durationpb.New(40 * time.Millisecond),
		}},
	}
}

func sipURI(text, scheme, user, host string, port uint32, params ...string) *redirectv1.SipUri {
	u := &redirectv1.SipUri{Text: text, Scheme: scheme, User: user, Host: host, Port: port}
	for i := 0; i+1 < len(params); i += 2 {
		u.Params = append(u.Params, &redirectv1.Param{Name: params[i], Value: params[i+1]})
	}
	return u
}

// ask is the input of the question, with its first contact.
func ask() *expr.Input {
	req := question()
	return expr.NewInput(req).SetContact(req.GetRedirect().GetContacts()[0])
}

func lists(t testing.TB) map[string]*expr.List {
	t.Helper()
	premium, err := expr.NewPrefixList([]string{"+1900", "+1 976", "44909"})
	if err != nil {
		t.Fatal(err)
	}
	europe, err := expr.NewPrefixList([]string{"+44", "+4420", "+44208", "+49"})
	if err != nil {
		t.Fatal(err)
	}
	partners, err := expr.NewDomainList([]string{"b.example", "*.partner.example"})
	if err != nil {
		t.Fatal(err)
	}
	inside, err := expr.NewNetworkList([]string{"192.0.2.0/24", "2001:db8::/32"})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*expr.List{"premium": premium, "europe": europe, "partners": partners, "inside": inside}
}

func environment(t testing.TB) *expr.Env {
	t.Helper()
	env, err := expr.NewEnv(lists(t))
	if err != nil {
		t.Fatal(err)
	}
	return env
}
