package edge

import (
	"strings"

	"github.com/redirectd/redirectd/internal/edge/locate"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// routed is a request after route information preprocessing (16.4).
type routed struct {
	requestURI string
	routes     []string       // the Route values that are left, as they came
	popped     int            // how many of ours were on top of them
	rewritten  bool           // routes is not a tail of what came: a strict router before us
	flow       transport.Flow // the connection that our last one names (RFC 5626 section 5.3)
	flowGone   bool           // it names one that is closed
	own        []*sipuri.URI  // our URIs that were found, each with its MAC
}

// preprocess undoes what a strict router did, and removes our own Route values.
// Two of them stand there when both sides of the edge differ (RFC 5658), and more
// when a request spiralled through it.
func (e *Edge) preprocess(f transport.Flow, m *message.Message) routed {
	r := routed{requestURI: m.RequestURI(), routes: m.Values("Route")}
	if len(r.routes) > 0 && strings.Contains(r.requestURI, ";"+macParam+"=") {
		e.undoStrictRouting(&r)
	}
	if hasMaddr(r.requestURI) {
		e.stripMaddr(f, &r)
	}
	for len(r.routes) > 0 {
		uri, ok := e.ownRoute(r.routes[0])
		if !ok {
			break
		}
		r.own = append(r.own, uri)
		r.routes = r.routes[1:]
		r.popped++
	}
	r.takeFlow(e, m, f)
	return r
}

// undoStrictRouting puts the last Route value back into the Request-URI if a
// strict router put our Record-Route value there.
func (e *Edge) undoStrictRouting(r *routed) {
	uri, err := sipuri.Parse(r.requestURI)
	if err != nil || !e.isOwn(&uri) {
		return
	}
	last, err := message.ParseNameAddr(r.routes[len(r.routes)-1])
	if err != nil {
		return
	}
	r.own, r.rewritten = append(r.own, &uri), true
	r.requestURI = last.URI
	r.routes = r.routes[:len(r.routes)-1]
}

// hasMaddr is a quick look: few URIs have one.
func hasMaddr(uri string) bool {
	for i := strings.IndexByte(uri, ';'); i >= 0; i = strings.IndexByte(uri, ';') {
		if uri = uri[i+1:]; len(uri) > 6 && strings.EqualFold(uri[:6], "maddr=") {
			return true
		}
	}
	return false
}

// stripMaddr forgets where a Request-URI says that we are, if the request came to
// just there (16.4).
func (e *Edge) stripMaddr(f transport.Flow, r *routed) {
	uri, err := sipuri.Parse(r.requestURI)
	if err != nil {
		return
	}
	kind, err := locate.Kind(&uri)
	maddr, _ := uri.Param("maddr")
	port := uri.Port
	if port == 0 {
		port = kind.DefaultPort()
	}
	if err != nil || kind != f.Kind || port != f.Listener().AddrPort.Port() {
		return
	}
	if e.isOwn(&sipuri.URI{Scheme: "sip", Host: strings.Trim(maddr, "[]"), Port: port}) {
		r.requestURI = uri.Without(port != kind.DefaultPort(), "maddr", "transport")
	}
}

func (e *Edge) ownRoute(value string) (*sipuri.URI, bool) {
	route, err := message.ParseNameAddr(value)
	if err != nil {
		return nil, false
	}
	uri, err := sipuri.Parse(route.URI)
	if err != nil || !e.isOwn(&uri) {
		return nil, false
	}
	return &uri, true
}

// isOwn reports whether a URI names this edge: the address of a listener, or
// the host that it advertises, with its port.
func (e *Edge) isOwn(uri *sipuri.URI) bool {
	port := uri.Port
	if kind, err := locate.Kind(uri); port == 0 && err == nil {
		port = kind.DefaultPort()
	}
	if e.sockets.Each(func(l transport.Listener) bool { return isAdvertised(l, uri, port) }) {
		return true
	}
	hop, ok := locate.Numeric(&sipuri.URI{Scheme: "sip", Host: uri.Host, Port: port})
	if !ok {
		return false
	}
	return e.sockets.Each(func(l transport.Listener) bool { return e.sockets.IsOwn(l.Kind, hop.Addr) })
}

// nextHost returns the host that the request goes to next, empty if there is
// none to be read.
func (r *routed) nextHost() string {
	t, err := firstTarget(r, nil)
	if err != nil {
		return ""
	}
	return hostOf(t.hop())
}
