package edge

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/locate/dnstest"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestAdvertise has each listener stand in Via and Record-Route by the host that it
// advertises, or the edge does; requests that come back by it are known as ours.
func TestAdvertise(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		advertise, inside, outside string
		up, down                   string
	}{
		"one for all":         {"edge.example.com", "", "", "edge.example.com", "edge.example.com"},
		"an address":          {"192.0.2.1", "", "", "192.0.2.1", "192.0.2.1"},
		"each its own":        {"", "inside.example.com", "outside.example.com", "inside.example.com", "outside.example.com"},
		"one beside the rest": {"edge.example.com", "10.9.9.9", "", "10.9.9.9", "edge.example.com"},
		"of another family":   {"2001:db8::1", "", "", "127.0.0.1", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, callee := siptest.UDP(t), siptest.TCP(t)
			e := startEdge(t, trunks(Trunk{Name: "a", From: from("127.0.0.1/32")}), nextHop(callee.URI("")), func(o *Options) {
				o.Config.Advertise, o.Config.AdvertiseAt = c.advertise, map[transport.Address]string{}
				for i, host := range []string{c.inside, c.outside} {
					if host != "" {
						o.Config.AdvertiseAt[o.Config.Listen[i]] = host
					}
				}
			})
			up, down := fmt.Sprintf("%s:%d", c.up, e.udp.Port()), fmt.Sprintf("%s:%d", c.down, e.tcp.Port())
			a := answer(t, e, caller, callee, "sip:bob@example.com")
			if via := a.invite.Values("Via")[0]; !strings.HasPrefix(via, "SIP/2.0/TCP "+down+";") {
				t.Errorf("Via is %q, want %s", via, down)
			}
			routes := a.invite.Values("Record-Route")
			if len(routes) != 2 || !strings.HasPrefix(routes[0], "<sip:"+down+";") || !strings.HasPrefix(routes[1], "<sip:"+up+";") {
				t.Errorf("Record-Route is %q, want %s above %s", routes, down, up)
			}
			caller.Send(e.udp, callerSide(caller, a.ok).request("INFO", 7))
			info := callee.Expect("INFO ")
			if route := info.Header("Route"); route != "" {
				t.Errorf("the callee got Route %q", route)
			}
			callee.Respond(info, 200, "OK")
			caller.Expect("SIP/2.0 200")
			callee.Send(e.tcp, calleeSide(callee, a.invite, a.answer).request("BYE", 1))
			bye := caller.Expect("BYE ")
			if via := bye.Values("Via")[0]; bye.Header("Route") != "" || !strings.HasPrefix(via, "SIP/2.0/UDP "+up+";") {
				t.Errorf("the caller got Route %q and Via %q", bye.Header("Route"), via)
			}
			caller.Respond(bye, 200, "OK")
			callee.Expect("SIP/2.0 200")
		})
	}
}

// TestWayToTheAdvertisedAddress ends what would come back by a NAT: the address that
// the edge advertises is its own, in any form, and found by DNS too.
func TestWayToTheAdvertisedAddress(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, "self.example. A 127.0.0.99\n")
	caller := siptest.UDP(t)
	e := startEdge(t, func(o *Options) {
		o.Config.Advertise, o.Config.DNS.Servers = "127.0.0.99", []netip.AddrPort{server.Addr()}
	})
	port := e.udp.Port()
	nat := siptest.NewAt(t, "udp", fmt.Sprintf("127.0.0.99:%d", port)) // the port is the edge's own: nobody else has it
	for host, status := range map[string]string{"127.0.0.99": "404", "[::ffff:127.0.0.99]": "404", "self.example": "480"} {
		caller.Invite(e.udp, fmt.Sprintf("sip:bob@%s:%d", host, port), siptest.Method("MESSAGE"))
		if m := caller.Receive(); !strings.HasPrefix(m.StartLine(), "SIP/2.0 "+status) {
			t.Errorf("%s: %s, want %s", host, m.StartLine(), status)
		}
	}
	nat.Silent(0)
}

// TestAdvertiseIsAHost and nothing else.
func TestAdvertiseIsAHost(t *testing.T) {
	t.Parallel()
	for host, good := range map[string]bool{
		"edge1.example.com": true, "EDGE1": true, "192.0.2.1": true, "2001:db8::1": true, "[2001:db8::1]": true,
		"": false, "192.0.2.1:5060": false, "[2001:db8::1]:5060": false, "edge.example.com:5060": false, "sip:edge.example.com": false,
		"edge.example.com;lr": false, "[192.0.2.1]": false, "2001:db8::1]": false, "a b": false, "0.0.0.0": false, "::": false,
		"224.0.0.1": false, "fe80::1%eth0": false, "1.2.3": false, "bob@example.com": false, "udp://192.0.2.1": false,
	} {
		if err := checkAdvertise(host); (err == nil) != good {
			t.Errorf("%q: %v", host, err)
		}
	}
	c := &Config{Advertise: "192.0.2.1:5060", AdvertiseAt: map[transport.Address]string{mustAddress(t, "udp://127.0.0.1:5060"): "::"}}
	const want = "without port, scheme and parameters"
	checkMistakes(t, c,
		`advertise: "192.0.2.1:5060" is no host: want a name or an address alone, such as edge1.example.com, 192.0.2.1 or 2001:db8::1, `+want,
		`listen: udp://127.0.0.1:5060: advertise: "::" is no address that anybody could reach: want one such as 192.0.2.1`)
}

// TestListenAsAMap says more of a listener than its address.
func TestListenAsAMap(t *testing.T) {
	t.Parallel()
	c, err := ParseConfig("edge.yaml", []byte("listen:\n- {address: udp://127.0.0.1:5060, advertise: in.example.com}\n- tcp://127.0.0.1:5060\n- {address: tls://127.0.0.1:5061}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Listen) != 3 || len(c.AdvertiseAt) != 1 || c.AdvertiseAt[mustAddress(t, "udp://127.0.0.1:5060")] != "in.example.com" {
		t.Errorf("got %v, %v", c.Listen, c.AdvertiseAt)
	}
	_, err = ParseConfig("edge.yaml", []byte("listen:\n- {advertise: in.example.com}\n- {address: udp://127.0.0.1:5060, advertise: \"a:1\", port: 1}\n- [a]\nadvertise: \"a:1\"\n"))
	for _, want := range []string{
		"edge.yaml:2:3: listen[0].address: the key is missing",
		`edge.yaml:3:46: listen[1].advertise: "a:1" is no host: want a name`, "listen[1].port: unknown key; known here: address, advertise",
		"edge.yaml:4:3: listen[2]: ", `edge.yaml:5:12: advertise: "a:1" is no host`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in\n%v", want, err)
		}
	}
}
