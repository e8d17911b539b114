package interop

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// expectOneFinal checks that the caller got 100 Trying first, exactly one final
// response to its INVITE, of that status, and nothing that was recursed on.
func expectOneFinal(t *testing.T, messages []*message, status int) {
	t.Helper()
	responses := pick(messages, func(m *message) bool {
		return m.received && m.status() != 0 && m.header.Get("CSeq") == "1 INVITE"
	})
	var got []int
	for i, m := range responses {
		// A busy machine may make the edge repeat one.
		if m.status() >= 200 && !slices.ContainsFunc(responses[:i], m.repeats) {
			got = append(got, m.status())
		}
	}
	if !slices.Equal(got, []int{status}) {
		t.Errorf("the caller got the final responses %v, not one %d", got, status)
	}
	if len(responses) > 0 && responses[0].status() != 100 {
		t.Errorf("the first response is %s, not 100 Trying", responses[0].start)
	}
	for _, m := range responses {
		if len(m.vias()) != 1 {
			t.Errorf("the caller got a response with the Vias %q:\n%s", m.vias(), m)
		}
		if s := m.status(); s >= 300 && len(m.header.Values("Contact")) > 0 && s/100 == 3 {
			t.Errorf("a 3xx went upstream:\n%s", m)
		}
	}
}

// expectForwarded checks an INVITE that a target received against the one that
// the caller sent (16.6): only what a proxy changes may differ.
func expectForwarded(t *testing.T, e *edge, sent, got *message) {
	t.Helper()
	for _, name := range []string{"From", "To", "Call-ID", "CSeq", "Contact", "Allow", "X-Untouched", "Content-Type"} {
		if a, b := sent.header.Values(name), got.header.Values(name); !slices.Equal(a, b) {
			t.Errorf("%s was %q, and %q at %s", name, a, b, got.peer)
		}
	}
	if got.body != sent.body {
		t.Errorf("the body was %q, and %q at %s", sent.body, got.body, got.peer)
	}
	if mf := got.header.Get("Max-Forwards"); mf != "69" {
		t.Errorf("Max-Forwards %q at %s, not 69", mf, got.peer)
	}
	vias := got.vias()
	if len(vias) != 2 || param(vias[1], "branch") != sent.branch() || !strings.HasPrefix(got.branch(), "z9hG4bK") {
		t.Errorf("the Vias at %s are %q: not the edge's and the caller's (branch %s)", got.peer, vias, sent.branch())
	}
	if rr := recordRoutes(got); len(rr) != 1 || !strings.HasPrefix(rr[0], "<sip:"+e.addr(got.transport()).String()) || !strings.Contains(rr[0], ";lr") {
		t.Errorf("Record-Route %q at %s is not one loose URI of the edge", rr, got.peer)
	}
	if x := got.header.Get("X-Injected"); x != "" {
		t.Errorf("the contact's ?headers reached %s: X-Injected %q", got.peer, x)
	}
}

// expectHopByHop checks that the branches of a call are all different, and that
// the ACK of a failure repeats what its INVITE had (17.1.1.3).
func expectHopByHop(t *testing.T, seen []*message) {
	t.Helper()
	byBranch := map[string]*message{}
	for _, m := range invites(seen) {
		byBranch[m.branch()] = m
	}
	for _, resp := range seen {
		if resp.received || resp.status() < 300 || resp.method() != "INVITE" {
			continue
		}
		invite := byBranch[resp.branch()]
		acks := pick(seen, func(m *message) bool {
			return m.received && m.isRequest("ACK") && m.branch() == resp.branch()
		})
		if invite == nil || len(acks) == 0 {
			t.Errorf("no ACK with the branch of the INVITE for %s's %s", resp.peer, resp.start)
			continue
		}
		for _, ack := range acks {
			if ack.requestURI() != invite.requestURI() || len(ack.vias()) != 1 ||
				!slices.Equal(ack.header.Values("Route"), invite.header.Values("Route")) ||
				ack.header.Get("From") != invite.header.Get("From") || ack.header.Get("To") != resp.header.Get("To") {
				t.Errorf("ACK does not belong to INVITE and response:\n%s\n%s\n%s", invite, resp, ack)
			}
		}
	}
}

// expectAsked checks what the redirect server received of a call: so many
// INVITEs, each with a branch of its own, repeats aside, and an ACK for each of
// its answers.
func expectAsked(t *testing.T, n *network, sent *message, want int) {
	t.Helper()
	eventually(t, 5*time.Second, func() error {
		invites, acks := map[string]bool{}, map[string]bool{}
		for _, r := range n.rs.received(sent.callID()) {
			switch r.method {
			case "INVITE":
				invites[r.branch] = true
				if r.maxForwards != "69" || !strings.EqualFold(r.transport, n.transport) {
					return fmt.Errorf("the redirect server got %+v", r)
				}
			case "ACK":
				acks[r.branch] = true
			default:
				return fmt.Errorf("the redirect server got %+v", r)
			}
		}
		if len(invites) != want || len(acks) != want {
			return fmt.Errorf("the redirect server got %d INVITEs and %d ACKs, not %d of each", len(invites), len(acks), want)
		}
		for branch := range acks {
			if !invites[branch] {
				return fmt.Errorf("the redirect server got an ACK with branch %s, which no INVITE had", branch)
			}
		}
		return nil
	})
}

// expectProxied checks that the Contact of a 305 is the one Route (21.3.4), with
// ;lr.
func expectProxied(t *testing.T, n *network, got *message) {
	t.Helper()
	routes := got.header.Values("Route")
	if len(routes) != 1 || !strings.HasPrefix(routes[0], "<"+n.uri("answer", "answer")) || !strings.Contains(routes[0], ";lr") {
		t.Errorf("the Routes after 305 are %q, not the Contact with ;lr", routes)
	}
}
