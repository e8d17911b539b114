package edge

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestPreloadedRoutes are kept without a next hop, which they then are, and
// removed with one; ours is popped in any case.
func TestPreloadedRoutes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		preload []string // H: where the peer is; E: the edge
		hop     string
		uri     string // Request-URI as sent
		want    []string
	}{
		{"none", nil, "", "sip:bob@H", nil},
		{"loose", []string{"<sip:H;lr>"}, "", "sip:bob@example.com", []string{"<sip:H;lr>"}},
		{"loose, two", []string{"<sip:H;lr>;x=1", `"N" <sip:n@example.net;lr>`}, "", "sip:bob@example.com", []string{"<sip:H;lr>;x=1", `"N" <sip:n@example.net;lr>`}},
		{"ours", []string{"<sip:E;lr>"}, "", "sip:bob@H", nil},
		{"ours and another", []string{"<sip:E;lr>, <sip:H;lr>"}, "", "sip:bob@example.com", []string{"<sip:H;lr>"}},
		{"ours twice (RFC 5658)", []string{"<sip:E;lr>", "<sip:E;lr>", "<sip:H;lr>"}, "", "sip:bob@example.com", []string{"<sip:H;lr>"}},
		{"next hop", []string{"<sip:gone.invalid;lr>"}, "sip:H", "sip:bob@example.com", nil},
		{"next hop with lr", []string{"<sip:E;lr>", "<sip:gone.invalid;lr>"}, "sip:H;lr", "sip:bob@example.com", []string{"<sip:H;lr>"}},
		{"next hop, nothing preloaded", nil, "sip:H;lr", "sip:bob@example.com", []string{"<sip:H;lr>"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			caller, target := siptest.UDP(t), siptest.UDP(t)
			hop := strings.ReplaceAll(c.hop, "H", target.Addr().String())
			e := startEdge(t, nextHop(hop))
			where := strings.NewReplacer("H", target.Addr().String(), "E", e.udp.String())
			var opts []siptest.Option
			for _, r := range c.preload {
				opts = append(opts, siptest.Header("Route", where.Replace(r)))
			}
			caller.Invite(e.udp, where.Replace(c.uri), opts...)
			invite := target.Expect("INVITE " + where.Replace(c.uri) + " SIP/2.0")
			var want []string
			for _, r := range c.want {
				want = append(want, where.Replace(r))
			}
			if got := invite.Values("Route"); !slices.Equal(got, want) {
				t.Errorf("Route is %q, want %q", got, want)
			}
			target.Respond(invite, 486, "Busy Here")
			target.Expect("ACK ")
			caller.ExpectSkipping100("SIP/2.0 486")
		})
	}
}

// TestStrictRouterBeforeUs has put our Record-Route value into the Request-URI,
// and the remote target at the end of the routes (16.4).
func TestStrictRouterBeforeUs(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")), trunks(Trunk{Name: "a", From: from("127.0.0.1/32")}))
	a := answer(t, e, caller, target, "sip:bob@example.com")
	s := callerSide(caller, a.ok)
	remote, ours := s.target, uriOf(s.routes[0])
	s.target = ours
	for _, c := range []struct {
		name   string
		routes []string
		want   []string
	}{
		{"target only", []string{"<" + remote + ">"}, nil},
		{"one before it", []string{"<" + target.URI("") + ";lr>", "<" + remote + ">"}, []string{"<" + target.URI("") + ";lr>"}},
	} {
		s.routes = c.routes
		caller.Send(e.udp, s.request("INFO", 3))
		info := target.Expect("INFO " + remote + " SIP/2.0")
		if got := info.Values("Route"); !slices.Equal(got, c.want) {
			t.Errorf("%s: Route is %q, want %q", c.name, got, c.want)
		}
		target.Respond(info, 200, "OK")
		caller.Expect("SIP/2.0 200")
		caller.Send(e.udp, s.request("ACK", 3))
		target.Expect("ACK " + remote + " SIP/2.0")
	}
}

// TestStrictRouterAfterUs gets its URI as the Request-URI, and ours goes to the
// end of the routes (16.6 step 6).
func TestStrictRouterAfterUs(t *testing.T) {
	t.Parallel()
	caller, strict := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t)
	caller.Invite(e.udp, "sip:bob@example.com;x=y",
		siptest.Header("Route", "<"+strict.URI("")+";old>"), siptest.Header("Route", "<sip:next.invalid;lr>"))
	invite := strict.Expect("INVITE " + strict.URI("") + ";old SIP/2.0")
	want := []string{"<sip:next.invalid;lr>", "<sip:bob@example.com;x=y>"}
	if got := invite.Values("Route"); !slices.Equal(got, want) {
		t.Errorf("Route is %q, want %q", got, want)
	}
	strict.Respond(invite, 486, "Busy Here")
	ack := strict.Expect("ACK " + strict.URI("") + ";old SIP/2.0")
	if got := ack.Values("Route"); !slices.Equal(got, want) {
		t.Errorf("Route of the ACK is %q, want %q", got, want)
	}
	caller.ExpectSkipping100("SIP/2.0 486")
}

// TestSchemes answers 416 to what no SIP element can be found for, unless there
// is a next hop or a route: then it is forwarded as it is.
func TestSchemes(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	without, with := startEdge(t), startEdge(t, nextHop(target.URI("")))
	for _, uri := range []string{"tel:+1-555;phone-context=x", "urn:service:sos", "nobodyKnowsThisScheme:totallyopaquecontent"} {
		call := caller.Invite(without.udp, uri)
		call.Ack(caller.ExpectSkipping100("SIP/2.0 416 "))
		target.Silent(5 * time.Millisecond)
		for _, send := range []func() *siptest.Call{
			func() *siptest.Call { return caller.Invite(with.udp, uri) },
			func() *siptest.Call {
				return caller.Invite(without.udp, uri, siptest.Header("Route", "<"+target.URI("")+";lr>"))
			},
		} {
			call := send()
			target.Respond(target.Expect("INVITE "+uri+" SIP/2.0"), 486, "Busy Here")
			target.Expect("ACK " + uri + " SIP/2.0")
			call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
		}
	}
}

// TestUnreadableRequestURI is answered 400, whoever is next: a SIP URI is what a
// proxy must understand (16.3 step 1, RFC 5118 section 4.2).
func TestUnreadableRequestURI(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	without, with := startEdge(t), startEdge(t, nextHop(target.URI("")))
	for _, uri := range []string{"sip:@%zz", "sip:", "sip:@example.com", "SIPS:2001:db8::10", "sip:example.com:99999"} {
		for name, send := range map[string]func() *siptest.Call{
			"next hop": func() *siptest.Call { return caller.Invite(with.udp, uri) },
			"neither":  func() *siptest.Call { return caller.Invite(without.udp, uri) },
			"route": func() *siptest.Call {
				return caller.Invite(without.udp, uri, siptest.Header("Route", "<"+target.URI("")+";lr>"))
			},
			"strict router": func() *siptest.Call {
				return caller.Invite(without.udp, uri, siptest.Header("Route", "<"+target.URI("")+">"))
			},
		} {
			t.Log(name)
			send().Ack(caller.ExpectSkipping100("SIP/2.0 400 "))
		}
	}
	target.Silent(10 * time.Millisecond)
}

// TestRouteOfAnotherScheme leads nowhere.
func TestRouteOfAnotherScheme(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t)
	for _, route := range []string{"<tel:+1>", "<tel:+1;lr>", "<mailto:a@example.com>"} {
		call := caller.Invite(e.udp, target.URI("bob"), siptest.Header("Route", route))
		call.Ack(caller.ExpectSkipping100("SIP/2.0 400 "))
	}
	target.Silent(10 * time.Millisecond)
}

// TestRefusedBeforeForwarding has what a proxy answers itself (16.3, 16.5).
func TestRefusedBeforeForwarding(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t)
	own := "sip:bob@" + e.udp.String()
	for _, c := range []struct {
		name, uri string
		opts      []siptest.Option
		want      string
		header    string // of the answer
	}{
		{"Max-Forwards 0", target.URI("bob"), []siptest.Option{siptest.MaxForwards(0)}, "SIP/2.0 483 Too Many Hops", ""},
		{"Max-Forwards 0 of OPTIONS", target.URI("bob"), []siptest.Option{siptest.MaxForwards(0), siptest.Method("OPTIONS")}, "SIP/2.0 483 ", ""},
		{"Proxy-Require", target.URI("bob"), []siptest.Option{siptest.Header("Proxy-Require", "foo,bar"), siptest.Header("Proxy-Require", "100rel")}, "SIP/2.0 420 Bad Extension", "Unsupported: foo, bar, 100rel"},
		{"own address", own, nil, "SIP/2.0 404 ", ""},
		{"own address by TCP", "sip:" + e.tcp.String() + ";transport=tcp", nil, "SIP/2.0 404 ", ""},
		{"own address after all of our Routes", own, []siptest.Option{
			siptest.Header("Route", "<sip:"+e.udp.String()+";lr>,<sip:"+e.udp.String()+";lr>,<sip:"+e.udp.String()+";lr>"),
		}, "SIP/2.0 404 ", ""},
		{"no TLS", "sips:bob@127.0.0.1", nil, "SIP/2.0 500 ", ""},
		{"a transport that nobody has", "sip:bob@127.0.0.1;transport=sctp", nil, "SIP/2.0 500 ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := caller.Invite(e.udp, c.uri, c.opts...)
			m := caller.ExpectSkipping100(c.want)
			if name, value, ok := strings.Cut(c.header, ": "); ok && m.Header(name) != value {
				t.Errorf("%s is %q, want %q", name, m.Header(name), value)
			}
			if m.Status() < 400 || m.Param("To", "tag") == "" || m.Header("Call-ID") != call.CallID {
				t.Errorf("not a final failure of that call:\n%s", m.Raw)
			}
			if m.Method() == "INVITE" {
				call.Ack(m)
			}
		})
	}
	target.Silent(20 * time.Millisecond)
}

// TestMaxForwardsIsCounted takes one off, and begins with 70 where there is none.
func TestMaxForwardsIsCounted(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	for sent, want := range map[int]string{1: "0", 70: "69", 255: "254", -1: "70"} {
		caller.Invite(e.udp, "sip:bob@example.com", siptest.MaxForwards(sent), siptest.Method("OPTIONS"))
		if got := target.Expect("OPTIONS ").Header("Max-Forwards"); got != want {
			t.Errorf("Max-Forwards %d became %q, want %s", sent, got, want)
		}
	}
}

// TestDrainingServesDialogsOnly answers new calls 503 with a Retry-After.
func TestDrainingServesDialogsOnly(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	a := answer(t, e, caller, target, "sip:bob@example.com")
	e.Drain(t.Context())
	call := caller.Invite(e.udp, "sip:bob@example.com")
	refused := caller.Expect("SIP/2.0 503 ")
	if refused.Header("Retry-After") != "5" {
		t.Errorf("Retry-After is %q", refused.Header("Retry-After"))
	}
	call.Ack(refused)
	target.Silent(20 * time.Millisecond)
	a.call.Bye(a.ok)
	target.Respond(target.Expect("BYE "), 200, "OK")
	caller.Expect("SIP/2.0 200")
}

// TestDrainWaitsForCalls returns when the last call has its final response, or
// when it may wait no longer.
func TestDrainWaitsForCalls(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	invite := target.Expect("INVITE ")
	impatient, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	e.Drain(impatient)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		e.Drain(t.Context())
	}()
	select {
	case <-drained:
		t.Error("drained although a call has no final response")
	case <-time.After(100 * time.Millisecond):
	}
	target.Respond(invite, 486, "Busy Here")
	target.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
	select {
	case <-drained:
	case <-time.After(siptest.Timeout):
		t.Error("not drained although no call is left")
	}
}

// TestEarlyDialogRequestsAreForwarded sends a PRACK along the route set of a 183,
// which is all there is of the dialog.
func TestEarlyDialogRequestsAreForwarded(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), trunks(Trunk{Name: "a", From: from("127.0.0.1/32")}))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	server.Expect("ACK ")
	invite := target.Expect("INVITE ")
	target.Respond(invite, 183, "Session Progress", "Require: 100rel", "RSeq: 1", "Contact: <"+target.URI("callee")+">")
	progress := caller.ExpectSkipping100("SIP/2.0 183")
	if progress.Header("RSeq") != "1" || progress.Header("Require") != "100rel" {
		t.Errorf("183 was changed:\n%s", progress.Raw)
	}
	call.InDialog("PRACK", progress)
	prack := target.Expect("PRACK " + target.URI("callee") + " SIP/2.0")
	if prack.Header("Route") != "" {
		t.Errorf("PRACK has a Route:\n%s", prack.Raw)
	}
	target.Respond(prack, 200, "OK")
	if ok := caller.Expect("SIP/2.0 200"); ok.Method() != "PRACK" {
		t.Errorf("want the 200 of the PRACK:\n%s", ok.Raw)
	}
	target.Respond(invite, 200, "OK")
	call.Ack(caller.Expect("SIP/2.0 200"))
	target.Expect("ACK ")
}
