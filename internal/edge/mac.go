package edge

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"

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
// The parameter holds two MACs, both over the Call-ID and the tag of the dialog's
// first From, of which an in-dialog request has one in From or in To. The first
// is over who the caller is, its trunk or its address: from there, a request may
// go anywhere in the dialog, and to there one may come from anywhere. Who comes
// is of a trunk by all that its requests are known by, the listener and the TLS
// name included; of who is gone to, only the address is known, so that it is of
// every trunk that has it. The second is over the host that requests to the caller go to, its Contact or its topmost
// Record-Route: to there, a request may come from anywhere too. Who has seen the
// parameter can reach the caller with it, and nobody else. No state is kept, and
// any edge with the same secrets can check it.
type macs struct{ secrets [][]byte }

func newMACs(secrets [][]byte) macs {
	if len(secrets) > 0 {
		return macs{secrets}
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails, by its documentation
	return macs{[][]byte{secret}}
}

// sign returns the value of the parameter for a request that begins a dialog,
// from a caller of that identity.
func (k macs) sign(m *message.Message, caller string) string {
	id := dialogID{m.CallID(), m.FromTag()}
	return mac(k.secrets[0], id, "caller", caller) + mac(k.secrets[0], id, "host", callerHost(m))
}

// identity returns who sends: a trunk, however many addresses it has, or an
// address alone.
func identity(trunk *Trunk, source netip.Addr) string {
	if trunk != nil {
		return "trunk " + trunk.Name
	}
	return source.Unmap().String()
}

// isOfDialog reports whether a URI of ours, which was found in a request, admits
// it.
func (e *Edge) isOfDialog(m *message.Message, f transport.Flow, in *inbound) bool {
	if len(in.routed.own) == 0 {
		return false
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
	return slices.ContainsFunc(in.routed.own, func(own *sipuri.URI) bool { return e.macs.verify(own, m, ends, host) })
}

// verify reports whether a URI of ours is of the dialog that m belongs to, and
// one of its ends is the caller: by identity, or by host.
func (k macs) verify(uri *sipuri.URI, m *message.Message, ends []string, host string) bool {
	value, _ := uri.Param(macParam)
	if len(value) != 2*macLen {
		return false
	}
	for _, secret := range k.secrets {
		for _, tag := range [...]string{m.FromTag(), m.ToTag()} {
			id := dialogID{m.CallID(), tag}
			if equalMAC(value[macLen:], mac(secret, id, "host", normalHost(host))) {
				return true
			}
			for _, end := range ends {
				if equalMAC(value[:macLen], mac(secret, id, "caller", end)) {
					return true
				}
			}
		}
	}
	return false
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

func mac(secret []byte, id dialogID, side, who string) string {
	h := hmac.New(sha256.New, secret)
	// A tag is compared without regard to case (7.3.1), the Call-ID is not.
	for _, part := range [...]string{id.callID, strings.ToLower(id.tag), side, who} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:macLen/2])
}

func equalMAC(a, b string) bool { return hmac.Equal([]byte(strings.ToLower(a)), []byte(b)) }
