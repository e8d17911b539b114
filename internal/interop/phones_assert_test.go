package interop

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// expectTalk waits until two phones talk, and checks that the edge has left
// alone what it is no party to: each has the other's SDP byte for byte, and gets
// RTP from the very port that stands there.
func (p *phones) expectTalk(t *testing.T, callID string, caller, callee *phone) {
	t.Helper()
	for _, ph := range []*phone{caller, callee} {
		ph.await(t, callID, "CALL_ESTABLISHED")
		ph.await(t, callID, "CALL_RTPESTAB")
	}
	offered, received := caller.only(t, callID, "INVITE", false), callee.only(t, callID, "INVITE", true)
	if received.body != offered.body {
		t.Errorf("the offer was %q, and %q at %s", offered.body, received.body, callee.name)
	}
	for _, name := range []string{"From", "To", "CSeq", "Contact", "Allow", "Supported", "User-Agent"} {
		if a, b := offered.header.Values(name), received.header.Values(name); !slices.Equal(a, b) {
			t.Errorf("%s was %q, and %q at %s", name, a, b, callee.name)
		}
	}
	if !p.viaProxies(received) {
		t.Errorf("not as the proxies forward it:\n%s", received)
	}
	accepted, answered := expectFinal(t, callID, callee, 200), expectFinal(t, callID, caller, 200)
	if answered.body != accepted.body || answered.header.Get("Contact") != accepted.header.Get("Contact") {
		t.Errorf("not the answer that %s sent:\n%s\n%s", callee.name, accepted, answered)
	}
	expectRTP(t, caller, accepted)
	expectRTP(t, callee, offered)
}

// viaProxies reports whether a request of one phone reached another through all
// proxies between them, and has no Route left.
func (p *phones) viaProxies(m *message) bool {
	return len(m.vias()) == 1+p.proxies && m.header.Get("Max-Forwards") == strconv.Itoa(70-p.proxies) && len(m.header.Values("Route")) == 0
}

var (
	audioPort   = regexp.MustCompile(`(?m)^m=audio (\d+) `)
	packetCount = regexp.MustCompile(`(?m)^packets: +(\d+) +(\d+)$`)
)

// expectRTP checks that a phone receives from where a description says that
// its owner does.
func expectRTP(t *testing.T, ph *phone, described *message) {
	t.Helper()
	port := audioPort.FindStringSubmatch(described.body)
	if port == nil {
		t.Fatalf("no audio in\n%s", described)
	}
	eventually(t, phoneLimit, func() error {
		if line := "receiving from 127.0.0.1:" + port[1]; !strings.Contains(ph.out.String(), line) {
			return fmt.Errorf("%s did not say: %s", ph.name, line)
		}
		return nil
	})
}

// expectFinal waits for the final response that a phone has sent or received to
// the INVITE that began a call, checks that it is the only one and returns it.
func expectFinal(t *testing.T, callID string, ph *phone, status int) (final *message) {
	t.Helper()
	eventually(t, phoneLimit, func() error {
		var begin string
		final = nil
		for _, m := range ph.messages(t, callID) {
			switch {
			case m.isRequest("INVITE") && param(m.header.Get("To"), "tag") == "":
				begin = m.header.Get("CSeq")
			case m.status() < 200 || m.header.Get("CSeq") != begin:
			case final != nil && !m.repeats(final):
				t.Fatalf("%s: another final response:\n%s\n%s", ph.name, final, m)
			default:
				final = m
			}
		}
		if final == nil || final.status() != status {
			return fmt.Errorf("%s: no %d: %v", ph.name, status, final)
		}
		return nil
	})
	return final
}

// expectReinvite presses a key that makes a phone change the media, and waits
// until the other one has agreed and got the ACK.
func (p *phones) expectReinvite(t *testing.T, callID, key, direction string, by, other *phone) {
	t.Helper()
	before := len(requests(other.messages(t, callID), "INVITE", true))
	by.press(t, key, "")
	var again []*message
	eventually(t, phoneLimit, func() error {
		messages := other.messages(t, callID)
		again = requests(messages, "INVITE", true)[before:]
		if len(again) != 1 {
			return fmt.Errorf("%s got %d INVITEs after %s", other.name, len(again), key)
		}
		for _, m := range requests(messages, "ACK", true) {
			if cseq(m) == cseq(again[0]) {
				return nil
			}
		}
		return fmt.Errorf("%s got no ACK after %s", other.name, key)
	})
	if m := again[0]; !strings.Contains(m.body, "a="+direction+"\r\n") || !p.viaProxies(m) {
		t.Errorf("not a re-INVITE for %s through the proxies:\n%s", direction, m)
	}
}

func cseq(m *message) string {
	number, _, _ := strings.Cut(m.header.Get("CSeq"), " ")
	return number
}

// expectHangUp ends a call by one phone, and checks the BYE at the other and
// that both have sent and received RTP.
func (p *phones) expectHangUp(t *testing.T, callID string, by, other *phone) {
	t.Helper()
	by.press(t, "hangup", "")
	for _, ph := range []*phone{by, other} {
		ph.await(t, callID, "CALL_CLOSED")
	}
	eventually(t, phoneLimit, func() error {
		for _, m := range by.messages(t, callID) {
			if m.received && m.status() == 200 && m.method() == "BYE" {
				return nil
			}
		}
		return fmt.Errorf("%s got no answer to its BYE", by.name)
	})
	if bye := other.only(t, callID, "BYE", true); !p.viaProxies(bye) {
		t.Errorf("not a BYE through the proxies:\n%s", bye)
	}
	for _, ph := range []*phone{by, other} {
		ph.expectPackets(t)
	}
}

// expectPackets checks what a phone has counted in its last call.
func (ph *phone) expectPackets(t *testing.T) {
	t.Helper()
	eventually(t, phoneLimit, func() error {
		counts := packetCount.FindAllStringSubmatch(ph.out.String(), -1)
		if len(counts) == 0 {
			return fmt.Errorf("%s counted no packets", ph.name)
		}
		last := counts[len(counts)-1]
		if last[1] == "0" || last[2] == "0" {
			return fmt.Errorf("%s sent %s packets and received %s", ph.name, last[1], last[2])
		}
		return nil
	})
}

// only waits for the request of a method that a phone has sent, or received, in a
// call, and checks that it is the only one, repeats aside.
func (ph *phone) only(t *testing.T, callID, method string, received bool) (m *message) {
	t.Helper()
	eventually(t, phoneLimit, func() error {
		list := requests(ph.messages(t, callID), method, received)
		if len(list) != 1 {
			return fmt.Errorf("%s: not one %s of %s: %v", ph.name, method, callID, list)
		}
		m = list[0]
		return nil
	})
	return m
}
