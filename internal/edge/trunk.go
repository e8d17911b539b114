package edge

import (
	"net/netip"
	"slices"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// inbound is what the edge knows of a request before it forwards it.
type inbound struct {
	inDialog bool
	trunk    *Trunk // nil: the sender is no configured peer
	routed   routed
}

// admit says whether a request is ours to forward. Without trunks the edge
// listens on loopback only, and serves whoever reaches it.
func (e *Edge) admit(f transport.Flow, m *message.Message) (*inbound, *refusal) {
	in := &inbound{inDialog: m.ToTag() != "", routed: e.preprocess(f, m)}
	if m.Method() == "ACK" && !in.inDialog { // a callee of RFC 2543 has no tag: our Record-Route must say it
		in.inDialog = slices.ContainsFunc(in.routed.own, func(own *sipuri.URI) bool {
			_, has := own.Param(macParam)
			return has
		})
	}
	if !in.inDialog && e.draining.Load() {
		return nil, &refusal{status: 503, headers: []message.Header{{Name: "Retry-After", Value: "5"}}}
	}
	if len(e.cfg.Trunks) == 0 {
		return in, nil
	}
	if in.inDialog {
		host := in.routed.nextHost()
		if !slices.ContainsFunc(in.routed.own, func(own *sipuri.URI) bool { return e.isOfDialog(own, m, f.Remote.Addr(), host) }) {
			return nil, e.forbid(f, m, "in_dialog_without_mac")
		}
		return in, nil
	}
	in.trunk = e.trunkOf(f.Remote.Addr())
	if in.trunk == nil {
		return nil, e.forbid(f, m, "no_trunk")
	}
	return in, nil
}

func (e *Edge) forbid(f transport.Flow, m *message.Message, reason string) *refusal {
	e.metrics.forbidden.WithLabelValues(reason).Inc()
	e.log.Debug("request forbidden", "reason", reason, "source", f.Remote, "method", m.Method(), "call_id", m.CallID())
	return &refusal{status: 403}
}

// trunkOf returns the first trunk that sends from that address.
func (e *Edge) trunkOf(source netip.Addr) *Trunk {
	source = source.Unmap()
	for i := range e.cfg.Trunks {
		for _, prefix := range e.cfg.Trunks[i].From {
			if prefix.Contains(source) {
				return &e.cfg.Trunks[i]
			}
		}
	}
	return nil
}

// nextHop returns where requests of this peer outside a dialog go.
func (e *Edge) nextHop(in *inbound) []string {
	if in.inDialog {
		return nil
	}
	if in.trunk != nil && len(in.trunk.NextHop) > 0 {
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
