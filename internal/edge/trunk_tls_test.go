package edge

import (
	"crypto/tls"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestTrunkByTLSName knows a peer by its verified certificate, from wherever it
// comes, and within its dialog too.
func TestTrunkByTLSName(t *testing.T) {
	t.Parallel()
	ca := siptest.NewCA(t)
	callee := siptest.New(t, "udp", "127.0.0.9")
	withNames := func(o *Options) { o.Config.TLS.ClientAuth = transport.ClientAuthRequest }
	e := startEdge(t, withTLS(t, ca), withNames, nextHop(callee.URI("")), trunks(Trunk{Name: "a", TLSNames: []string{"a.example.com"}}))
	for name, c := range map[string]struct {
		names []string
		want  bool
	}{
		"uri":            {[]string{"sip:a.example.com"}, true},
		"dns":            {[]string{"b.example.com", "A.example.com"}, true},
		"uri first":      {[]string{"sip:b.example.com", "a.example.com"}, false},
		"other":          {[]string{"b.example.com"}, false},
		"wildcard":       {[]string{"*.example.com"}, false},
		"subdomain":      {[]string{"x.a.example.com"}, false},
		"no certificate": {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			config := &tls.Config{}
			if c.names != nil {
				config.Certificates = []tls.Certificate{ca.Issue(c.names...).TLS}
			}
			caller := siptest.TLSWith(t, config)
			if !c.want {
				caller.Invite(e.tls, "sip:bob@example.com")
				caller.Expect("SIP/2.0 403 ")
				return
			}
			call := answer(t, e, caller, callee, "sip:bob@example.com")
			call.call.Bye(call.ok)
			callee.Respond(callee.Expect("BYE "), 200, "OK")
			caller.Expect("SIP/2.0 200 ")
		})
	}
	stranger := siptest.UDP(t)
	stranger.Invite(e.udp, "sip:bob@example.com")
	stranger.Expect("SIP/2.0 403 ")
}
