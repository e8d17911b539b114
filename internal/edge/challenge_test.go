package edge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// authLines are the lines of challenges and credentials in a message, as they
// came.
func authLines(raw string) (lines []string) {
	head, _, _ := strings.Cut(raw, "\r\n\r\n")
	for line := range strings.SplitSeq(strings.ReplaceAll(head, "\r\n ", "\n "), "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		if challengeName(strings.TrimSpace(name)) != "" || holdsCredentials(strings.TrimSpace(name)) {
			lines = append(lines, strings.ReplaceAll(line, "\n ", "\r\n "))
		}
	}
	return lines
}

func expectAuth(t *testing.T, what, raw string, want ...string) {
	t.Helper()
	if got := authLines(raw); !slices.Equal(got, want) {
		t.Errorf("%s has\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// goesOn is a decision for these targets in which a challenge is no end.
func goesOn(targets ...*redirectv1.Target) *responseT {
	return &responseT{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
		Targets: targets,
		Advance: &redirectv1.AdvanceRule{Statuses: []*redirectv1.StatusRange{{First: 400, Last: 599}}, Timeout: true},
	}}}
}

const (
	wwwA   = `WWW-Authenticate: Digest realm="a.example", nonce="1,\"2", qop="auth"`
	wwwA2  = `WWW-Authenticate: Digest realm="a.example", nonce="1,\"2", algorithm=SHA-256`
	proxyB = `Proxy-Authenticate: Digest realm="b.example", nonce="3"`
)

// TestChallengesAreAdded is 16.7 step 7: the best 401 or 407 carries the
// challenges of all others, each once, in the order that they came.
func TestChallengesAreAdded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, second int // statuses
		have, more    []string
		want          []string
	}{
		"the second is best":   {407, 401, []string{proxyB}, []string{wwwA, wwwA2}, []string{wwwA, wwwA2, proxyB}},
		"the first is best":    {401, 407, []string{wwwA, wwwA2}, []string{proxyB}, []string{wwwA, wwwA2, proxyB}},
		"equal ones":           {401, 401, []string{wwwA}, []string{wwwA, wwwA2}, []string{wwwA, wwwA2}},
		"the same name":        {401, 401, []string{wwwA}, []string{wwwA2}, []string{wwwA, wwwA2}},
		"the best is neither":  {401, 600, []string{wwwA}, []string{proxyB}, []string{proxyB}},
		"the other is neither": {401, 486, []string{wwwA}, []string{proxyB}, []string{wwwA}},
		"one that comes twice": {401, 407, []string{wwwA}, []string{proxyB, proxyB}, []string{wwwA, proxyB}},
		"another spelling": {
			401, 407,
			[]string{`www-authenticate :  Digest realm="a"`},
			[]string{`PROXY-AUTHENTICATE:Digest` + "\r\n " + `realm="b"`},
			[]string{`www-authenticate :  Digest realm="a"`, `Proxy-Authenticate: Digest realm="b"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, server, a, b := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
			decision := goesOn(&redirectv1.Target{Uri: a.URI("a")}, &redirectv1.Target{Uri: b.URI("b")})
			e := startEdge(t, patient, nextHop(server.URI("")), withPolicy(answers(decision)))
			call := caller.Invite(e.udp, "sip:bob@example.com")
			redirectTo(server)
			a.Respond(a.Expect("INVITE "), c.first, "No", c.have...)
			a.Expect("ACK ")
			b.Respond(b.Expect("INVITE "), c.second, "No", c.more...)
			best := min(c.first, c.second)
			if c.second >= 600 {
				best = c.second
			}
			final := caller.ExpectSkipping100(fmt.Sprintf("SIP/2.0 %d ", best))
			call.Ack(final)
			expectAuth(t, "the final response", final.Raw, c.want...)
		})
	}
}

// TestChallengesAreAddedToWhatPasses has the policy let the best response pass.
func TestChallengesAreAddedToWhatPasses(t *testing.T) {
	t.Parallel()
	caller, server, a, b := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, patient, nextHop(server.URI("")), withPolicy(policy.Func(func(_ contextT, q *requestT) (*responseT, error) {
		if len(q.GetAttempts()) == 3 {
			return &responseT{Action: &redirectv1.DecideResponse_PassThrough{PassThrough: &redirectv1.PassThrough{}}}, nil
		}
		d := goesOn(&redirectv1.Target{Uri: a.URI("a")}, &redirectv1.Target{Uri: b.URI("b")})
		d.GetTryTargets().ConsultOnFailure = true
		if q.GetFailure() != nil {
			d.GetTryTargets().Targets = q.GetRemaining()
		}
		return d, nil
	})))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	a.Respond(a.Expect("INVITE "), 401, "Unauthorized", wwwA)
	b.Respond(b.Expect("INVITE "), 407, "Proxy Authentication Required", proxyB)
	final := caller.ExpectSkipping100("SIP/2.0 401")
	call.Ack(final)
	expectAuth(t, "what passed", final.Raw, wwwA, proxyB)
}

// TestLateChallengeIsAdded has a target that was given up answer with one.
func TestLateChallengeIsAdded(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	a, b, c := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, patient, nextHop(server.URI("")), withPolicy(answers(goesOn(
		&redirectv1.Target{Uri: a.URI("a"), ResponseTimeout: durationpb.New(100 * time.Millisecond)},
		&redirectv1.Target{Uri: b.URI("b")}, &redirectv1.Target{Uri: c.URI("c")}))))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	late := a.Expect("INVITE ")
	b.Respond(b.Expect("INVITE "), 401, "Unauthorized", wwwA) // the best one
	last := c.Expect("INVITE ")
	a.Respond(late, 407, "Proxy Authentication Required", proxyB)
	a.Expect("ACK ")
	c.Respond(last, 486, "Busy Here")
	final := caller.ExpectSkipping100("SIP/2.0 401")
	call.Ack(final)
	expectAuth(t, "the final response", final.Raw, wwwA, proxyB)
}

// TestCancelledCallIsNotInvitedAgain leaves the final response of a cancelled
// branch as it is.
func TestCancelledCallIsNotInvitedAgain(t *testing.T) {
	t.Parallel()
	caller, server, a, b := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, patient, nextHop(server.URI("")), withPolicy(answers(goesOn(
		&redirectv1.Target{Uri: a.URI("a")}, &redirectv1.Target{Uri: b.URI("b")}))))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	a.Respond(a.Expect("INVITE "), 401, "Unauthorized", wwwA)
	ringing := b.Expect("INVITE ")
	b.Respond(ringing, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Cancel()
	caller.Expect("SIP/2.0 200")
	b.Expect("CANCEL ")
	b.Respond(ringing, 407, "Proxy Authentication Required", proxyB)
	final := caller.Expect("SIP/2.0 407")
	call.Ack(final)
	expectAuth(t, "the final response", final.Raw, proxyB)
}

// TestChallengesAreBounded has targets that challenge without end, and a best
// response that is as big as a message can be.
func TestChallengesAreBounded(t *testing.T) {
	t.Parallel()
	small := func(n int) (lines []string) {
		for i := range n {
			lines = append(lines, fmt.Sprintf(`WWW-Authenticate: Digest realm="%d"`, i))
		}
		return lines
	}
	big := []string{`WWW-Authenticate: Digest realm="` + strings.Repeat("x", maxChallengeBytes) + `"`}
	full := `WWW-Authenticate: Digest realm="` + strings.Repeat("y", 60_000) + `"`
	for name, c := range map[string]struct {
		first []string
		best  string
		want  []string
	}{
		"too many":     {small(40), wwwA, small(maxChallenges)},
		"too big":      {big, wwwA, nil},
		"no room left": {[]string{proxyB, big[0][:maxChallengeBytes-500] + `"`, wwwA}, full, []string{wwwA, proxyB}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, server, a, b := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
			e := startEdge(t, patient, nextHop(server.URI("")), withPolicy(answers(goesOn(
				&redirectv1.Target{Uri: a.URI("a")}, &redirectv1.Target{Uri: b.URI("b")}))))
			call := caller.Invite(e.udp, "sip:bob@example.com")
			redirectTo(server)
			a.Respond(a.Expect("INVITE "), 407, "No", c.first...)
			a.Expect("ACK ")
			b.Respond(b.Expect("INVITE "), 401, "No", c.best)
			final := caller.ExpectSkipping100("SIP/2.0 401")
			call.Ack(final)
			expectAuth(t, "the final response", final.Raw, append([]string{c.best}, c.want...)...)
			e.log.find(t, "challenges dropped")
		})
	}
}
