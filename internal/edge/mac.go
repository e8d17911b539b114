package edge

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// macParam is the URI parameter of our Record-Route that carries the MACs.
const macParam = "k"

// macLen is the length of one MAC in hexadecimal digits: 80 bits.
const macLen = 20

// macs make and check the parameter that admits in-dialog requests from
// anywhere: the callee of a redirect is no configured peer.
//
// The parameter holds two MACs, or three, all over the Call-ID and the tag of the
// dialog's first From, of which an in-dialog request has one in From or in To. The
// first is over who the caller is, its trunk or its address: from there, a request
// may go anywhere in the dialog that targets have, and to there one may come from
// anywhere. Who comes is of a trunk by all that its requests are known by, the
// listener and the TLS name included; of who is gone to, only the address is known,
// so that it is of every trunk that has it. The second is over the host that
// requests to the caller go to, its Contact or its topmost Record-Route: to there, a
// request may come from anywhere too, and whatever targets say if the host was one
// of the caller's own addresses. The third is there if the URI has a flow token, and
// over that: the token counts for nothing without it. So who has seen the parameter
// can reach the caller with it, and the caller's trunk what it could call. No state
// is kept, and any edge with the same secrets can check it.
type macs struct{ secrets []*secret }

// secret is a key of MACs. It is safe for concurrent use, and not to be copied.
type secret struct{ idle sync.Pool }

func newSecret(key []byte) *secret {
	return &secret{sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}} // its key costs more than what it is for
}

func newMACs(secrets [][]byte) macs {
	if len(secrets) == 0 {
		key := make([]byte, 32)
		_, _ = rand.Read(key) // never fails, by its documentation
		secrets = [][]byte{key}
	}
	var k macs
	for _, key := range secrets {
		k.secrets = append(k.secrets, newSecret(key))
	}
	return k
}

// What the host that requests to the caller go to was when the dialog began.
const (
	sideHost = "host" // any that the caller named
	sideHome = "home" // an address of the caller's own
)

// sign returns the value of the parameter for a request that begins a dialog.
func (rc *responseContext) sign() string {
	k, m := rc.edge.macs, rc.request
	id, host, side := dialogID{m.CallID(), m.FromTag()}, callerHost(m), sideHost
	if isHome(host, rc.in.trunk, rc.source.Addr()) {
		side = sideHome
	}
	return mac(k.secrets[0], id, "caller", identity(rc.in.trunk, rc.source.Addr())) + mac(k.secrets[0], id, side, host)
}

// isHome reports whether a host is the address that a caller sends from, or one of
// its trunk. A trunk that anybody is of has no addresses, and a name is not known
// to have one.
func isHome(host string, trunk *Trunk, source netip.Addr) bool {
	a, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return false
	case a == source.Unmap():
		return true
	}
	return trunk != nil && slices.ContainsFunc(trunk.From, func(p netip.Prefix) bool { return p.Bits() > 0 && p.Contains(a) })
}

// signFlow returns the MAC of a flow token.
func (k macs) signFlow(m *message.Message, token string) string {
	return mac(k.secrets[0], dialogID{m.CallID(), m.FromTag()}, "flow", token)
}

// identity returns who sends: a trunk, however many addresses it has, or an
// address alone.
func identity(trunk *Trunk, source netip.Addr) string {
	if trunk != nil {
		return "trunk " + trunk.Name
	}
	return source.Unmap().String()
}

// admission is what a URI of ours gives an in-dialog request that it was found in.
type admission struct {
	admits bool // it may go on
	home   bool // it goes to an address of the caller's own, whatever targets say
}

// admissionOf returns what the URIs of ours in a request give it.
func (e *Edge) admissionOf(m *message.Message, f transport.Flow, in *inbound) (g admission) {
	if len(in.routed.own) == 0 {
		return g
	}
	host := in.routed.nextHost()
	ends := []string{identity(in.trunk, f.Remote.Addr())}
	if a, err := netip.ParseAddr(host); err == nil {
		ends = append(ends, identity(nil, a))
		for i := range e.cfg.Trunks {
			if t := &e.cfg.Trunks[i]; contains(t.From, a) {
				ends = append(ends, identity(t, a))
			}
		}
	}
	for _, own := range in.routed.own {
		by := e.macs.verify(own, m, ends, host)
		g.admits, g.home = g.admits || by.admits, g.home || by.home
	}
	g.admits = g.admits || in.routed.byToken()
	return g
}

// verify says what a URI of ours gives a request: something if it is of the dialog
// that m belongs to, and one of its ends is the caller, by identity or by host.
func (k macs) verify(uri *sipuri.URI, m *message.Message, ends []string, host string) (g admission) {
	value, _ := uri.Param(macParam)
	if len(value) != 2*macLen && len(value) != 3*macLen {
		return g
	}
	k.each(m, func(secret *secret, id dialogID) {
		second := value[macLen : 2*macLen]
		if equalMAC(second, mac(secret, id, sideHome, normalHost(host))) {
			g = admission{admits: true, home: true}
		}
		if equalMAC(second, mac(secret, id, sideHost, normalHost(host))) {
			g.admits = true
		}
		for _, end := range ends {
			if equalMAC(value[:macLen], mac(secret, id, "caller", end)) {
				g.admits = true
			}
		}
	})
	return g
}

// verifyFlow reports whether a URI of ours carries the flow token of the dialog
// that m belongs to.
func (k macs) verifyFlow(uri *sipuri.URI, m *message.Message) (ok bool) {
	value, _ := uri.Param(macParam)
	if len(value) != 3*macLen {
		return false
	}
	k.each(m, func(secret *secret, id dialogID) {
		ok = ok || equalMAC(value[2*macLen:], mac(secret, id, "flow", uri.User))
	})
	return ok
}

// each calls f with every secret and every dialog that m may belong to.
func (k macs) each(m *message.Message, f func(secret *secret, id dialogID)) {
	for _, secret := range k.secrets {
		for _, tag := range [...]string{m.FromTag(), m.ToTag()} {
			f(secret, dialogID{m.CallID(), tag})
		}
	}
}

// callerHost returns the host that requests within the dialog reach the caller
// by: the topmost Record-Route, or its Contact (12.1.1).
func callerHost(m *message.Message) string {
	for _, name := range [...]string{"Record-Route", "Contact"} {
		values := m.Values(name)
		if len(values) == 0 {
			continue
		}
		if value, err := message.ParseNameAddr(values[0]); err == nil {
			if uri, err := sipuri.Parse(value.URI); err == nil {
				return normalHost(hostOf(&uri))
			}
		}
	}
	return ""
}

// hostOf returns the host that a request to a URI goes to (19.1.1).
func hostOf(uri *sipuri.URI) string {
	if maddr, ok := uri.Param("maddr"); ok && maddr != "" {
		return strings.Trim(maddr, "[]")
	}
	return uri.Host
}

func normalHost(host string) string {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().String()
	}
	return strings.ToLower(host)
}

type dialogID struct{ callID, tag string }

func mac(s *secret, id dialogID, side, who string) string {
	h := s.idle.Get().(hash.Hash)
	defer s.idle.Put(h)
	h.Reset()
	text := make([]byte, 0, 256)
	// A tag is compared without regard to case (7.3.1), the Call-ID is not.
	for _, part := range [...]string{id.callID, strings.ToLower(id.tag), side, who} {
		text = append(append(text, part...), 0)
	}
	h.Write(text)
	return hex.EncodeToString(h.Sum(text[:0])[:macLen/2])
}

func equalMAC(a, b string) bool { return hmac.Equal([]byte(strings.ToLower(a)), []byte(b)) }
