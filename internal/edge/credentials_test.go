package edge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

const (
	credA      = `authorization :Digest username="al, \"x\"", realm="a.example", nonce="1,\"2", response="00"`
	credB      = "Proxy-Authorization:  Digest username=\"al\",\r\n realm=\"b.example\", nonce=\"3\""
	credServer = `Proxy-Authorization: Digest realm="server.example", nonce="s"`
	credBasic  = "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
)

// again is the caller's next INVITE of the same call, with more header fields.
func again(call *siptest.Call, cseq int, headers ...string) string {
	text := strings.Replace(call.Raw, "CSeq: 1 ", strings.Join(append(headers, fmt.Sprintf("CSeq: %d ", cseq)), "\r\n"), 1)
	return strings.Replace(text, call.Branch, fmt.Sprintf("%s-%d", call.Branch, cseq), 1)
}

// challengedBy makes a call that a redirect server sends to a target, which
// challenges it.
func challengedBy(e *running, caller, server, target *siptest.Peer, lines ...string) *siptest.Call {
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	server.Expect("ACK ")
	target.Respond(target.Expect("INVITE "), 401, "Unauthorized", lines...)
	target.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 401"))
	return call
}

// TestChallengedCallComesAgain is a call to a target that wants credentials: the
// second INVITE goes the same way, the redirect server sees all that the caller
// sends, and the target its own credentials, in the ACK too (13.2.2.4).
func TestChallengedCallComesAgain(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, patient, nextHop(server.URI("")))
	call := challengedBy(e, caller, server, target, wwwA)

	invite := again(call, 2, credBasic, credA, credServer, credB)
	caller.Send(e.udp, invite)
	first := server.Expect("INVITE sip:bob@example.com ")
	expectAuth(t, "the INVITE to the next hop", first.Raw, credBasic, credA, credServer, credB)
	server.Respond(first, 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	server.Expect("ACK ")
	second := target.Expect("INVITE ")
	expectAuth(t, "the INVITE to the target", second.Raw, credA)
	answer := target.Respond(second, 200, "OK")
	ok := caller.ExpectSkipping100("SIP/2.0 200")
	side := callerSide(caller, ok)
	caller.Send(e.udp, side.request("ACK", 2, credBasic, credA, credServer, credB))
	expectAuth(t, "the ACK", target.Expect("ACK ").Raw, credA)
	target.Reply(second, answer) // its ACK was lost
	caller.Expect("SIP/2.0 200")
	caller.Send(e.udp, side.request("ACK", 2, credB, credA))
	expectAuth(t, "the ACK sent again", target.Expect("ACK ").Raw, credA)

	// Within the dialog the callee is whom the caller talks to.
	caller.Send(e.udp, side.request("INVITE", 3, credA, credB, "Contact: <"+caller.URI("caller")+">"))
	reinvite := target.Expect("INVITE ")
	expectAuth(t, "the re-INVITE", reinvite.Raw, credA, credB)
	target.Respond(reinvite, 200, "OK")
	caller.ExpectSkipping100("SIP/2.0 200")
	caller.Send(e.udp, side.request("ACK", 3, credA, credB))
	expectAuth(t, "the ACK of the re-INVITE", target.Expect("ACK ").Raw, credA, credB)
	caller.Send(e.udp, side.request("BYE", 4))
	target.Respond(target.Expect("BYE "), 200, "OK")
	caller.Expect("SIP/2.0 200")
}

// TestEachTargetGetsItsOwn has two targets of two realms, both of which are told
// to the caller in one response.
func TestEachTargetGetsItsOwn(t *testing.T) {
	t.Parallel()
	caller, server, a, b := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, patient, nextHop(server.URI("")), withPolicy(answers(goesOn(
		&redirectv1.Target{Uri: a.URI("a")}, &redirectv1.Target{Uri: b.URI("b")}))))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	a.Respond(a.Expect("INVITE "), 401, "Unauthorized", wwwA)
	a.Expect("ACK ")
	b.Respond(b.Expect("INVITE "), 407, "Proxy Authentication Required", proxyB)
	b.Expect("ACK ")
	final := caller.ExpectSkipping100("SIP/2.0 401")
	call.Ack(final)
	expectAuth(t, "the 401", final.Raw, wwwA, proxyB)

	caller.Send(e.udp, again(call, 2, credA, credB))
	redirectTo(server)
	toA := a.Expect("INVITE ")
	expectAuth(t, "the INVITE to a", toA.Raw, credA)
	a.Respond(toA, 486, "Busy Here")
	a.Expect("ACK ")
	toB := b.Expect("INVITE ")
	expectAuth(t, "the INVITE to b", toB.Raw, credB)
	b.Respond(toB, 407, "Proxy Authentication Required", strings.Replace(proxyB, "b.example", "b2.example", 1))
	b.Expect("ACK ")
	caller.Send(e.udp, ofInvite(again(call, 2), "ACK", caller.ExpectSkipping100("SIP/2.0 407")))

	// A third time: what was granted for the second one still holds.
	credB2 := strings.Replace(credB, "b.example", "b2.example", 1)
	caller.Send(e.udp, again(call, 3, credB2, credA, credB))
	redirectTo(server)
	toA = a.Expect("INVITE ")
	expectAuth(t, "the third INVITE to a", toA.Raw, credA)
	a.Respond(toA, 486, "Busy Here")
	toB = b.Expect("INVITE ")
	expectAuth(t, "the third INVITE to b", toB.Raw, credB2, credB)
}

// TestCredentialsAreForWhoAsked has everything the same but one thing: then the
// target gets nothing.
func TestCredentialsAreForWhoAsked(t *testing.T) {
	t.Parallel()
	fromTag := func(text, old, tag string) string { return strings.ReplaceAll(text, ";tag="+old, ";tag="+tag) }
	for name, c := range map[string]struct {
		host   string // of the caller of the second INVITE
		target string // user of the second redirect's contact
		change func(text string, call *siptest.Call) string
		want   []string
	}{
		"nothing":           {"127.0.0.1", "bob", nil, []string{credA}},
		"tag in other case": {"127.0.0.1", "bob", func(s string, c *siptest.Call) string { return fromTag(s, c.FromTag, strings.ToUpper(c.FromTag)) }, []string{credA}},
		"same URI, escaped": {"127.0.0.1", "%62ob", nil, []string{credA}},
		"another peer":      {"127.0.0.2", "bob", nil, nil},
		"another From tag":  {"127.0.0.1", "bob", func(s string, c *siptest.Call) string { return fromTag(s, c.FromTag, "x") }, nil},
		"another Call-ID":   {"127.0.0.1", "bob", func(s string, c *siptest.Call) string { return strings.ReplaceAll(s, c.CallID, "x"+c.CallID) }, nil},
		"another user":      {"127.0.0.1", "Bob", nil, nil},
		"another realm":     {"127.0.0.1", "bob", func(s string, _ *siptest.Call) string { return strings.Replace(s, `"a.example"`, `"A.example"`, 1) }, nil},
		"two realms":        {"127.0.0.1", "bob", func(s string, _ *siptest.Call) string { return strings.Replace(s, `"00"`, `"00", realm=b`, 1) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
			second := siptest.New(t, "udp", c.host)
			earlier := make(chan int, 2)
			builtin := policy.NewBuiltin(policy.DefaultConfig())
			e := startEdge(t, patient, nextHop(server.URI("")), withPolicy(policy.Func(func(ctx contextT, q *requestT) (*responseT, error) {
				earlier <- len(q.GetEarlier())
				return builtin.Decide(ctx, q)
			})))
			call := challengedBy(e, caller, server, target, wwwA)
			if n := <-earlier; n != 0 {
				t.Errorf("the first question has %d earlier attempts", n)
			}
			text := again(call, 2, credA)
			if c.change != nil {
				text = c.change(text, call)
			}
			second.Send(e.udp, text)
			server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI(c.target)+">")
			expectAuth(t, "the INVITE to the target", target.Expect("INVITE ").Raw, c.want...)
			want := 2
			if strings.HasPrefix(name, "another ") && name != "another user" && name != "another realm" {
				want = 0
			}
			if n := <-earlier; n != want {
				t.Errorf("the second question has %d earlier attempts, want %d", n, want)
			}
		})
	}
}

// TestGrants are what targets asked for, the caller was told, and has not ended.
func TestGrants(t *testing.T) {
	t.Parallel()
	now := time.Now()
	at := func(uri string, depth int) *target {
		tg, err := redirectedTarget(&redirectv1.Target{Uri: uri}, &inbound{})
		if err != nil {
			t.Fatal(err)
		}
		tg.depth = depth
		return tg
	}
	asks := func(realm string, tg *target, relayed bool) challenge {
		return challenge{message.Header{Name: "WWW-Authenticate", Value: "Digest " + realm}, tg, relayed}
	}
	rc := &responseContext{
		edge: &Edge{cfg: Config{Timers: transaction.DefaultTimers}},
		search: &search{
			challenges: []challenge{
				asks(`realm="first"`, at("sip:a@x", 0), true),
				asks(`realm="untold"`, at("sip:a@x", 1), false),
				asks(`nonce="unreadable"`, at("sip:a@x", 1), true),
				asks(`realm="new"`, at("sip:b@x", 1), true),
			},
			previousCall: &challengedCall{grants: []grant{
				{at("sip:c@x", 1), "ended", now},
				{at("sip:c@x", 1), "kept", now.Add(time.Second)},
			}},
		},
	}
	list := func(grants []grant) (all []string) {
		for _, g := range grants {
			all = append(all, fmt.Sprint(g.realm, " to ", g.target, " for ", g.ends.Sub(now)))
		}
		return all
	}
	want := []string{"new to sip:b@x for 32s", "kept to sip:c@x for 1s"}
	if got := list(rc.grants(now)); !slices.Equal(got, want) {
		t.Errorf("grants are %q, want %q", got, want)
	}
	for range maxGrants {
		rc.previousCall.grants = append(rc.previousCall.grants, rc.previousCall.grants[1])
	}
	if got := len(rc.grants(now)); got != maxGrants {
		t.Errorf("%d grants, want %d", got, maxGrants)
	}
}

// TestCredentialsWithinADialog go to the callee, whoever that is: the caller has
// chosen to talk to it.
func TestCredentialsWithinADialog(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("x")+">")
	target.Respond(target.Expect("INVITE "), 200, "OK")
	ok := caller.ExpectSkipping100("SIP/2.0 200")
	call.Ack(ok)
	target.Expect("ACK ")
	caller.Send(e.udp, callerSide(caller, ok).request("BYE", 2, `Authorization: Digest realm="x"`))
	bye := target.Expect("BYE ")
	if got := bye.Header("Authorization"); got != `Digest realm="x"` {
		t.Errorf("Authorization of the BYE is %q", got)
	}
	target.Respond(bye, 200, "OK")
	caller.Expect("SIP/2.0 200")
}
