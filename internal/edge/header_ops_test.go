package edge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/siptest"
)

func add(name, value string) *redirectv1.HeaderOp {
	return &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Add{Add: &redirectv1.Header{Name: name, Value: value}}}
}

func set(name, value string) *redirectv1.HeaderOp {
	return &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Set{Set: &redirectv1.Header{Name: name, Value: value}}}
}

func remove(name string) *redirectv1.HeaderOp {
	return &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Remove{Remove: name}}
}

func copyOf(c *redirectv1.HeaderCopy) *redirectv1.HeaderOp {
	return &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Copy{Copy: c}}
}

// TestHeaderOperations lets a decision change the next request within the allow
// list, and not beyond it.
func TestHeaderOperations(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	p := answers(&responseT{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
		Targets: []*redirectv1.Target{{
			Uri: target.URI("bob"), Contact: &redirectv1.ContactRef{Attempt: 0, Index: 0},
			HeaderOps: []*redirectv1.HeaderOp{
				add("X-Route", "lcr"),
				set("X-Tenant", "new"),
				remove("Diversion"),
				copyOf(&redirectv1.HeaderCopy{Source: redirectv1.MessageRef_MESSAGE_REF_RESPONSE, Name: "Identity"}),
				copyOf(&redirectv1.HeaderCopy{Source: redirectv1.MessageRef_MESSAGE_REF_CONTACT, Name: "X-From-Contact"}),
				copyOf(&redirectv1.HeaderCopy{Source: redirectv1.MessageRef_MESSAGE_REF_CONTACT, Name: "X-Evil"}),
				copyOf(&redirectv1.HeaderCopy{Source: redirectv1.MessageRef_MESSAGE_REF_REQUEST, Name: "Subject", Rename: "X-Subject"}),
				copyOf(&redirectv1.HeaderCopy{
					Source: redirectv1.MessageRef_MESSAGE_REF_RESPONSE, Name: "X-No-Such", Attempt: proto.Uint32(63),
				}),
				// none of these may work
				set("From", "<sip:evil@example.com>;tag=1"), set("Via", "SIP/2.0/UDP evil"), add("Route", "<sip:evil;lr>"),
				remove("Call-ID"), set("Max-Forwards", "1000"), add("Content-Length", "0"), set("Contact", "<sip:evil>"),
				add("Subject", "not in the allow list"), add("X Y", "no token"), set("Proxy-Authorization", "Digest"),
			},
		}},
	}}})
	e := startEdge(t, withPolicy(p), nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Header("X-Tenant", "old"), siptest.Header("x-tenant", "older"),
		siptest.Header("Diversion", "<sip:a@b>"), siptest.Header("Subject", "hello"))
	original := server.Expect("INVITE ")
	server.Respond(original, 302, "Moved Temporarily",
		"Contact: <"+target.URI("bob")+"?X-From-Contact=a%20b&X-Evil=a%0D%0AX-Injected:%20b>", "Identity: eyJ.x.y;info=<https://c>")
	server.Expect("ACK ")
	invite := target.Expect("INVITE " + target.URI("bob") + " ")
	for name, want := range map[string]string{
		"X-Route": "lcr", "X-Tenant": "new", "Diversion": "", "Identity": "eyJ.x.y;info=<https://c>",
		"X-From-Contact": "a b", "X-Subject": "hello", "Subject": "hello", "From": original.Header("From"),
		"Call-ID": call.CallID, "Max-Forwards": "69", "Contact": original.Header("Contact"), "Route": "", "X-Evil": "", "X-Injected": "",
		"Proxy-Authorization": "",
	} {
		if got := strings.Join(invite.Headers(name), " | "); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if invite.Body() != original.Body() || len(invite.Headers("Content-Length")) != 1 {
		t.Errorf("the body changed:\n%s", invite.Raw)
	}
	e.log.find(t, "header dropped", "name=From")
	target.Respond(invite, 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
}

// TestRejectAndPassThrough has the other two actions.
func TestRejectAndPassThrough(t *testing.T) {
	t.Parallel()
	contacts := []string{"Contact: <sip:a@127.0.0.1:9>, <sip:b@127.0.0.1:9>;q=0.5", "Contact: <sip:c@127.0.0.1:9>"}
	for name, c := range map[string]struct {
		answer *responseT
		check  func(*testing.T, *siptest.Msg)
	}{
		"reject": {
			&responseT{Action: &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{
				Status: 603, ReasonPhrase: "Fraud", HeaderOps: []*redirectv1.HeaderOp{add("Reason", "SIP;cause=603"), add("Via", "x")},
			}}},
			func(t *testing.T, m *siptest.Msg) {
				t.Helper()
				if m.StartLine() != "SIP/2.0 603 Fraud" || m.Header("Reason") != "SIP;cause=603" || len(m.Headers("Via")) != 1 {
					t.Errorf("got\n%s", m.Raw)
				}
			},
		},
		"pass through": {
			&responseT{Action: &redirectv1.DecideResponse_PassThrough{PassThrough: &redirectv1.PassThrough{}}},
			func(t *testing.T, m *siptest.Msg) {
				t.Helper()
				if m.Status() != 302 || len(m.Values("Contact")) != 3 || len(m.Headers("Via")) != 1 {
					t.Errorf("got\n%s", m.Raw)
				}
			},
		},
		"filtered": {
			&responseT{Action: &redirectv1.DecideResponse_PassThrough{PassThrough: &redirectv1.PassThrough{
				ContactIndexes: []uint32{1, 63}, HeaderOps: []*redirectv1.HeaderOp{add("X-Filtered", "yes")},
			}}},
			func(t *testing.T, m *siptest.Msg) {
				t.Helper()
				got := fmt.Sprint(m.Values("Contact"))
				if m.Status() != 302 || got != "[<sip:b@127.0.0.1:9>;q=0.5]" || m.Header("X-Filtered") != "yes" {
					t.Errorf("contacts %s:\n%s", got, m.Raw)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, server := siptest.UDP(t), siptest.UDP(t)
			e := startEdge(t, withPolicy(answers(c.answer)), nextHop(server.URI("")))
			call := caller.Invite(e.udp, "sip:bob@example.com")
			caller.Expect("SIP/2.0 100")
			server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", contacts...)
			server.Expect("ACK ")
			final := caller.Expect("SIP/2.0 ")
			c.check(t, final)
			call.Ack(final)
			caller.Silent(20 * time.Millisecond)
		})
	}
}

// TestContactSetsNoDangerousHeader, whatever the allow list says (19.1.5).
func TestContactSetsNoDangerousHeader(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	names := []string{
		"From", "Route", "Authorization", "Accept", "Accept-Language", "Allow", "Supported", "Organization", "user-agent",
		"Content-Disposition", "Date", "MIME-Version", "Timestamp",
	}
	ofContact := func(name, rename string) *redirectv1.HeaderOp {
		return copyOf(&redirectv1.HeaderCopy{Source: redirectv1.MessageRef_MESSAGE_REF_CONTACT, Name: name, Rename: rename})
	}
	ops := []*redirectv1.HeaderOp{
		ofContact("X-Good", ""), ofContact("Subject", "X-Subject"), ofContact("X-Good", "Date"),
		copyOf(&redirectv1.HeaderCopy{Source: redirectv1.MessageRef_MESSAGE_REF_RESPONSE, Name: "Organization"}),
	}
	headers := "?X-Good=evil&Subject=evil"
	for _, name := range names {
		headers += "&" + name + "=evil"
		ops = append(ops, ofContact(name, ""), ofContact(name, "X-"+name))
	}
	e := startEdge(t, nextHop(server.URI("")), func(o *Options) { o.Config.AllowedHeaders = []string{"*"} }, withPolicy(tries(
		&redirectv1.Target{Uri: target.URI("a"), Contact: &redirectv1.ContactRef{}, HeaderOps: ops})))
	caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved", "Contact: <"+target.URI("a")+headers+">", "Organization: ours")
	invite := target.Expect("INVITE ")
	for _, name := range names {
		if got := invite.Headers(name); strings.Contains(fmt.Sprint(got), "evil") {
			t.Errorf("%s is %q", name, got)
		}
		if got := invite.Headers("X-" + name); len(got) > 0 {
			t.Errorf("X-%s is %q", name, got)
		}
	}
	if invite.Header("X-Good") != "evil" || invite.Header("X-Subject") != "evil" || invite.Header("Organization") != "ours" {
		t.Errorf("what may be copied is not there:\n%s", invite.Raw)
	}
}
