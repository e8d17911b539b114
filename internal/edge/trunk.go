package edge

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// inbound is what the edge knows of a request before it forwards it.
type inbound struct {
	inDialog bool
	by       admission // of our Route, within a dialog
	trunk    *Trunk    // nil: the sender is no configured peer
	routed   routed
}

// admit says whether a request is ours to forward. Without trunks the edge
// listens on loopback only, and serves whoever reaches it.
func (e *Edge) admit(f transport.Flow, m *message.Message) (*inbound, *refusal) {
	in := &inbound{inDialog: m.ToTag() != "", routed: e.preprocess(f, m), trunk: e.trunkOf(f)}
	if m.Method() == "ACK" && !in.inDialog { // a callee of RFC 2543 has no tag: our Record-Route must say it
		in.inDialog = slices.ContainsFunc(in.routed.own, func(own *sipuri.URI) bool {
			_, has := own.Param(macParam)
			return has
		})
	}
	if in.inDialog {
		in.by = e.admissionOf(m, f, in)
	}
	switch {
	case in.inDialog && len(e.cfg.Trunks) > 0 && !in.by.admits:
		return nil, e.forbid(f, m, in, "in_dialog_without_mac")
	case in.inDialog:
		return in, nil
	case in.trunk == nil && len(e.cfg.Trunks) > 0:
		return nil, e.forbid(f, m, in, "no_trunk")
	case e.draining.Load():
		return nil, &refusal{status: 503, headers: []message.Header{{Name: "Retry-After", Value: "5"}}}
	case !in.allows(m.Method()) && e.isPing(m, &in.routed):
		return nil, &refusal{status: 200} // whoever pings gets no further, whatever it may send
	case !in.allows(m.Method()):
		return nil, e.forbidMethod(f, m, in)
	}
	return in, nil
}

// forbid refuses a request of nobody's trunk or dialog. Strangers that are to be
// ignored do not learn that there is anybody; a peer that is known does.
func (e *Edge) forbid(f transport.Flow, m *message.Message, in *inbound, reason string) *refusal {
	e.metrics.forbidden.WithLabelValues(reason).Inc()
	e.log.Debug("request forbidden", "reason", reason, "source", f.Remote, "method", m.Method(), "call_id", m.CallID())
	return &refusal{status: 403, silent: in.trunk == nil && e.cfg.Strangers == Ignore}
}

// forbidMethod refuses a request that its trunk may not send outside a dialog
// (21.4.6).
func (e *Edge) forbidMethod(f transport.Flow, m *message.Message, in *inbound) *refusal {
	e.metrics.forbidden.WithLabelValues("method").Inc()
	e.log.Debug("request forbidden", "reason", "method", "source", f.Remote, "method", m.Method(), "call_id", m.CallID(), "trunk", in.trunk.Name)
	return &refusal{status: 405, headers: []message.Header{{Name: "Allow", Value: strings.Join(in.trunk.Methods, ", ")}}}
}

// ignores reports whether what came over a flow gets no answer that it has no
// right to.
func (e *Edge) ignores(f transport.Flow) bool {
	return e.cfg.Strangers == Ignore && len(e.cfg.Trunks) > 0 && e.trunkOf(f) == nil
}

// isPing reports whether a request asks the edge itself whether it is there
// (11.2).
func (e *Edge) isPing(m *message.Message, r *routed) bool {
	if m.Method() != "OPTIONS" || len(r.routes) > 0 {
		return false
	}
	uri, err := sipuri.Parse(r.requestURI)
	return err == nil && !uri.HasUser && e.isOwn(&uri)
}

// trunkOf returns the first trunk that what came over a flow is of.
func (e *Edge) trunkOf(f transport.Flow) *Trunk {
	for i := range e.cfg.Trunks {
		if t := &e.cfg.Trunks[i]; t.sends(f) {
			return t
		}
	}
	return nil
}

// sends reports whether all criteria that are given hold for a flow.
func (t *Trunk) sends(f transport.Flow) bool {
	return (len(t.From) == 0 || contains(t.From, f.Remote.Addr())) &&
		(len(t.Listeners) == 0 || slices.Contains(t.Listeners, f.Listener())) &&
		(len(t.TLSNames) == 0 || slices.ContainsFunc(f.Identities(), t.hasTLSName))
}

func (t *Trunk) hasTLSName(name string) bool {
	return slices.ContainsFunc(t.TLSNames, func(own string) bool { return strings.EqualFold(own, name) })
}

// trunkAt returns the name of the first trunk that has an address, "" if none has.
func (e *Edge) trunkAt(a netip.Addr) string {
	for i := range e.cfg.Trunks {
		if contains(e.cfg.Trunks[i].From, a) {
			return e.cfg.Trunks[i].Name
		}
	}
	return ""
}

// boundTrunks returns the trunks with their listeners as they were bound: the
// ports of those that had none are known by now. bound is in the order of listen.
func boundTrunks(trunks []Trunk, listen []transport.Address, bound []transport.Listener) []Trunk {
	trunks = slices.Clone(trunks)
	for i := range trunks {
		var listeners []transport.Address
		for j, l := range listen {
			if slices.Contains(trunks[i].Listeners, l) {
				listeners = append(listeners, transport.Address{Kind: bound[j].Kind, AddrPort: bound[j].Addr})
			}
		}
		trunks[i].Listeners = listeners
	}
	return trunks
}

// contains reports whether an address is in one of the networks. The form in
// which it came and its zone make no difference.
func contains(networks []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// nextHop returns where requests of this peer outside a dialog go.
func (e *Edge) nextHop(in *inbound) []string {
	switch {
	case in.inDialog: // its route set leads
		return nil
	case in.trunk != nil && len(in.trunk.NextHop) > 0:
		return in.trunk.NextHop
	}
	return e.cfg.NextHop
}

// profile returns the policy's profile for this peer.
func (e *Edge) profile(in *inbound) string {
	if in.trunk != nil && in.trunk.Profile != "" {
		return in.trunk.Profile
	}
	return e.cfg.Profile
}

// allows reports whether this peer may send a method outside a dialog.
func (in *inbound) allows(method string) bool {
	return in.trunk == nil || len(in.trunk.Methods) == 0 || slices.Contains(in.trunk.Methods, method)
}

// forwardsCredentials reports whether the caller's credentials go to targets that
// it was redirected to.
func (in *inbound) forwardsCredentials() bool { return in.trunk != nil && in.trunk.ForwardCredentials }

// trunkName returns the edge's name for this peer.
func (in *inbound) trunkName() string {
	if in.trunk == nil {
		return ""
	}
	return in.trunk.Name
}
