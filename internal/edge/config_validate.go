package edge

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/redirectd/redirectd/internal/edge/locate"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// mistakes collects what is wrong with a configuration.
type mistakes struct{ found []error }

func (w *mistakes) addf(format string, args ...any) {
	w.found = append(w.found, fmt.Errorf(format, args...))
}

// Validate says everything that is wrong with a configuration beyond the range of
// a single value, as one error that has each mistake in it (errors.Join). It reads
// no files: those of TLS are checked by [transport.CheckTLS], and by [Start].
func (c *Config) Validate() error {
	var w mistakes
	c.validateListen(&w)
	c.validateAdvertise(&w)
	c.validateConnections(&w)
	c.validateHops(&w, "next_hop", c.NextHop)
	c.validatePolicies(&w)
	for i := range c.Trunks {
		c.validateTrunk(&w, i)
	}
	return errors.Join(w.found...)
}

// listen returns the addresses to listen on, given or by default.
func (c *Config) listen() []transport.Address {
	if len(c.Listen) > 0 {
		return c.Listen
	}
	loopback := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 5060)
	return []transport.Address{{Kind: transport.UDP, AddrPort: loopback}, {Kind: transport.TCP, AddrPort: loopback}}
}

func (c *Config) validateListen(w *mistakes) {
	for i, l := range c.listen() {
		c.validatePort(w, c.listen()[:i], l)
		if len(c.Trunks) == 0 && !l.AddrPort.Addr().IsLoopback() {
			w.addf("listen: %s is no loopback address: without trunks the edge would relay for everybody; configure trunks", l)
		}
		if l.Kind.Secure() && (c.TLS.Cert == "" || c.TLS.Key == "") {
			w.addf("listen: %s needs tls.cert and tls.key", l)
		}
	}
}

func (c *Config) validateTrunk(w *mistakes, i int) {
	t := &c.Trunks[i]
	who := "trunk " + t.Name + ": "
	if slices.ContainsFunc(c.Trunks[:i], func(other Trunk) bool { return other.Name == t.Name }) {
		w.addf("%sthe name is that of an earlier trunk", who)
	}
	if len(t.From) == 0 && len(t.Listeners) == 0 && len(t.TLSNames) == 0 {
		w.addf("%swant at least one of from, listeners and tls_names: without any it would be everybody", who)
	}
	for _, l := range t.Listeners {
		if !slices.Contains(c.listen(), l) {
			w.addf("%slisteners: %s is not among listen, which has %s", who, l, join(c.listen()))
		}
	}
	if i := slices.IndexFunc(c.Trunks[:i], func(other Trunk) bool { return other.covers(t) }); i >= 0 {
		w.addf("%severything it is known by is of trunk %s before it, which gets all its requests: put it first, or say more of the other", who, c.Trunks[i].Name)
	}
	c.validateTLSNames(w, who, t)
	c.validateHops(w, who+"next_hop", t.NextHop)
	c.validateHops(w, who+"onward", t.Onward)
	if len(t.NextHop) > 0 || len(c.NextHop) > 0 {
		return
	}
	if t.Role == RoleRedirectServer {
		w.addf("%srole: there is no next_hop that could be a %s", who, RoleRedirectServer)
	}
	if t.RecurseFrom == RecurseFromNextHop {
		w.addf("%srecurse_from: there is no next_hop", who)
	}
}

// validateTLSNames: a name is known only of a peer that was asked for its
// certificate.
func (c *Config) validateTLSNames(w *mistakes, who string, t *Trunk) {
	if len(t.TLSNames) == 0 {
		return
	}
	if c.TLS.ClientAuth != transport.ClientAuthRequest && c.TLS.ClientAuth != transport.ClientAuthRequire {
		w.addf("%stls_names: tls.client_auth must be request or require, or nobody shows a name", who)
	}
	listeners := t.Listeners
	if len(listeners) == 0 {
		listeners = c.listen()
	}
	if !slices.ContainsFunc(listeners, func(l transport.Address) bool { return l.Kind.Secure() }) {
		w.addf("%stls_names: no listener of tls or wss is there: %s", who, join(listeners))
	}
}

// maxNextHops is how many next hops one key may have.
const maxNextHops = 16

func (c *Config) validateHops(w *mistakes, key string, uris []string) {
	if len(uris) > maxNextHops {
		w.addf("%s: %d are more than %d: they are tried one after another", key, len(uris), maxNextHops)
	}
	for _, uri := range uris {
		if err := checkHop(uri); err != nil {
			w.addf("%s: %w", key, err)
		} else if err := c.checkTransport(uri); err != nil {
			w.addf("%s: %w", key, err)
		} else if err := c.checkPlace(uri); err != nil {
			w.addf("%s: %w", key, err)
		}
	}
}

// checkHop says why a URI can't be a next hop.
func checkHop(text string) error {
	uri, err := sipuri.Parse(text)
	if err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	if !uri.IsSIP() {
		return fmt.Errorf("%q is no SIP URI (sip:HOST:PORT)", text)
	}
	if _, err := locate.Kind(&uri); err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	if _, method := uri.Param("method"); method || len(uri.Headers) > 0 {
		return fmt.Errorf("%q: a next hop has no method parameter and no ?headers (19.1.1)", text)
	}
	if h, ok := locate.Numeric(&uri); ok {
		if why := nowhere(h.Addr); why != "" {
			return fmt.Errorf("%q leads nowhere: %s", text, why)
		}
	}
	return nil
}

// checkTransport says why a next hop can't be reached from the listeners: a
// request leaves by a transport that its responses and later requests can come
// back by. Where DNS chooses the transport (RFC 3263 section 4.1), one that is
// secure enough will do.
func (c *Config) checkTransport(text string) error {
	uri, err := sipuri.Parse(text)
	if err != nil {
		return err
	}
	kind, err := locate.Kind(&uri)
	if err != nil {
		return err
	}
	if chosenByDNS(&uri) {
		if uri.Scheme == "sips" && !c.has(transport.Kind.Secure) {
			return fmt.Errorf("%q needs a listener of tls or wss; listen has %s", text, join(c.listen()))
		}
		return nil
	}
	if !c.has(func(k transport.Kind) bool { return k == kind }) {
		return fmt.Errorf("%q needs a listener of %s; listen has %s", text, kind, join(c.listen()))
	}
	return nil
}

// chosenByDNS reports whether it takes DNS to know the transport of a URI.
func chosenByDNS(uri *sipuri.URI) bool {
	_, explicit := uri.Param("transport")
	_, numeric := locate.Numeric(uri)
	return !explicit && !numeric && uri.Port == 0
}

// has reports whether there is a listener of such a transport.
func (c *Config) has(such func(transport.Kind) bool) bool {
	return slices.ContainsFunc(c.listen(), func(l transport.Address) bool { return such(l.Kind) })
}

func join(listeners []transport.Address) string {
	texts := make([]string, len(listeners))
	for i, l := range listeners {
		texts[i] = l.String()
	}
	return strings.Join(texts, ", ")
}
