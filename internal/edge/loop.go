package edge

import (
	"slices"
	"strings"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
)

// looped refuses a request that is on its way through this edge already with all
// that decides where it goes: its Request-URI, its trunk, and its Route where that
// is followed. That is a loop (16.3 step 4, RFC 5393 section 4.2). With any other it is a spiral, which is legal,
// but not without end: each lap would have attempts and nested redirects of its
// own.
func (e *Edge) looped(m *message.Message, in *inbound) *refusal {
	if m.ToTag() != "" || m.ViaCount() < 2 {
		return nil
	}
	laps := 0
	for _, via := range m.Values("Via") {
		rc, ok := e.ofVia(via)
		if !ok {
			continue
		}
		if laps++; laps >= e.limitsOf(in.trunk).Nesting || rc.isFor(m, in) {
			e.metrics.dropped.WithLabelValues("loop").Inc()
			return &refusal{status: 482}
		}
	}
	return nil
}

// ofVia returns the context that put this Via into a request.
func (e *Edge) ofVia(via string) (*responseContext, bool) {
	at := strings.Index(strings.ToLower(via), "branch=")
	if at < 0 {
		return nil, false
	}
	branch, _, _ := strings.Cut(via[at+len("branch="):], ";")
	id, _, ok := transaction.ParseBranch(strings.TrimSpace(branch))
	if !ok {
		return nil, false
	}
	return e.table.ByID(id)
}

// isFor reports whether a context in progress has a request that goes where this
// one does. A next hop replaces the routes.
func (rc *responseContext) isFor(m *message.Message, in *inbound) bool {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return rc.request != nil && rc.request.RequestURI() == m.RequestURI() && rc.in.trunk == in.trunk &&
		(len(rc.edge.nextHop(in)) > 0 || slices.Equal(rc.in.routed.routes, in.routed.routes))
}
