package edge

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"

	"github.com/redirectd/redirectd/internal/edge/message"
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
// is over the address that the caller's request came from: from there, a request
// may go anywhere in the dialog. The second is over the host that requests to the
// caller go to, its Contact or its topmost Record-Route: to there, a request may
// come from anywhere. Who has seen the parameter can reach the caller with it,
// and nobody else. No state is kept, and any edge with the same secrets can check
// it.
type macs struct{ secrets [][]byte }

func newMACs(secrets [][]byte) macs {
	if len(secrets) > 0 {
		return macs{secrets}
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails, by its documentation
	return macs{[][]byte{secret}}
}

// sign returns the value of the parameter for a request that begins a dialog.
func (k macs) sign(m *message.Message, source netip.Addr) string {
	id := dialogID{m.CallID(), m.FromTag()}
	return mac(k.secrets[0], id, "from", source.Unmap().String()) + mac(k.secrets[0], id, "to", callerHost(m))
}

// verify reports whether a URI of ours admits a request of the dialog that m
// belongs to, from that address and to that host.
func (k macs) verify(uri *sipuri.URI, m *message.Message, source netip.Addr, host string) bool {
	value, _ := uri.Param(macParam)
	if len(value) != 2*macLen {
		return false
	}
	for _, secret := range k.secrets {
		for _, tag := range [...]string{m.FromTag(), m.ToTag()} {
			id := dialogID{m.CallID(), tag}
			if equalMAC(value[:macLen], mac(secret, id, "from", source.Unmap().String())) ||
				equalMAC(value[macLen:], mac(secret, id, "to", normalHost(host))) {
				return true
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
				return normalHost(uri.Host)
			}
		}
	}
	return ""
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
