package edge

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/redirectd/redirectd/internal/edge/message"
)

// credentialNames are the header fields of a caller's credentials (22.2, 22.3).
// Like a challenge, each field has one value.
var credentialNames = [...]string{"Authorization", "Proxy-Authorization"}

func holdsCredentials(name string) bool {
	return strings.EqualFold(name, credentialNames[0]) || strings.EqualFold(name, credentialNames[1])
}

// editCredentials leaves in the request of a branch what its target may see of
// the caller's credentials (22.3): all of them if the caller chose it, as its own
// next hop, and otherwise those of the realms that this very target has asked
// for. They stay as they came; the edge makes none up.
func (rc *responseContext) editCredentials(edit *message.Edit, b *branch) {
	if b.target.depth == 0 || rc.in.forwardsCredentials() || !hasCredentials(rc.request) {
		return
	}
	realms := rc.grantedRealms(b.target)
	if withhold(edit, rc.request, realms) {
		b.withheld = &withheld{from: identity(rc.in.trunk, rc.source.Addr()), realms: realms}
	}
}

// withheld says that a target was not sent all of the caller's credentials.
type withheld struct {
	from   string   // who sent them
	realms []string // those that it was sent the credentials of
}

// grantedRealms returns the realms that a target has asked for in an earlier
// request of the same call.
func (rc *responseContext) grantedRealms(t *target) (realms []string) {
	for _, g := range rc.previous().grants {
		if rc.receivedAt.Before(g.ends) && g.target.equal(t) {
			realms = append(realms, g.realm)
		}
	}
	return realms
}

func hasCredentials(m *message.Message) bool {
	for name := range m.Fields() {
		if holdsCredentials(name) {
			return true
		}
	}
	return false
}

// withhold removes the credentials of all realms but these, and those of which
// nobody can say the realm. It reports whether there were any.
func withhold(edit *message.Edit, m *message.Message, realms []string) (found bool) {
	foreign := func(value string) bool {
		realm, ok := realmOf(value)
		return !ok || !slices.Contains(realms, realm)
	}
	for name, value := range m.Fields() {
		found = found || holdsCredentials(name) && foreign(value)
	}
	if !found {
		return false
	}
	for _, name := range credentialNames {
		edit.RemoveIf(name, foreign)
	}
	return true
}

// ackKey is the ACK of one 2xx.
type ackKey struct {
	call  callKey
	toTag string
	cseq  uint32
}

func newACKKey(peer string, m *message.Message) ackKey {
	number, _ := m.CSeq()
	return ackKey{
		callKey{peer, strings.Clone(m.CallID()), strings.Clone(strings.ToLower(m.FromTag()))},
		strings.Clone(strings.ToLower(m.ToTag())), number,
	}
}

// rememberWithheld remembers what the callee was not sent: the ACK of its 2xx,
// which goes past every response context, has the credentials of the INVITE again
// (13.2.2.4). It is kept here and not in our Record-Route, which the callee
// returns and may change.
func (rc *responseContext) rememberWithheld(b *branch, ok *message.Message) {
	w := b.withheld
	if w == nil || rc.method != "INVITE" {
		return
	}
	key := newACKKey(w.from, ok)
	size := len(key.call.peer) + len(key.call.callID) + len(key.call.fromTag) + len(key.toTag) + 512
	for _, realm := range w.realms {
		size += len(realm)
	}
	rc.edge.withheld.put(key, w.realms, size, rc.edge.now())
}

// editAckCredentials leaves in the ACK of a 2xx what its INVITE carried to the
// callee.
func (e *Edge) editAckCredentials(edit *message.Edit, m *message.Message, in *inbound, source netip.Addr) {
	if !hasCredentials(m) {
		return
	}
	if realms, ok := e.withheld.get(newACKKey(identity(in.trunk, source), m), e.now()); ok {
		withhold(edit, m, realms)
	}
}
