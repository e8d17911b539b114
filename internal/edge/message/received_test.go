package message

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func compare(t *testing.T, got, want reading, raw string) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v\nof\n%s", got, want, show(raw))
	}
}

func TestMarkReceived(t *testing.T) {
	for _, c := range []struct{ via, src, want string }{
		{"SIP/2.0/UDP 192.0.2.1;branch=b", "192.0.2.1:5060", "SIP/2.0/UDP 192.0.2.1;branch=b"},
		{"SIP/2.0/UDP 192.0.2.1;branch=b", "[::ffff:192.0.2.1]:5060", "SIP/2.0/UDP 192.0.2.1;branch=b"},
		{"SIP/2.0/UDP 192.0.2.1;branch=b", "192.0.2.2:5060", "SIP/2.0/UDP 192.0.2.1;branch=b;received=192.0.2.2"},
		{"SIP/2.0/UDP 192.0.2.1:5070", "192.0.2.2:5060", "SIP/2.0/UDP 192.0.2.1:5070;received=192.0.2.2"},
		{"SIP/2.0/UDP h;branch=b", "192.0.2.1:5060", "SIP/2.0/UDP h;branch=b;received=192.0.2.1"},
		{"SIP/2.0/UDP 4h;branch=b", "192.0.2.1:5060", "SIP/2.0/UDP 4h;branch=b;received=192.0.2.1"},
		{"SIP/2.0/UDP [2001:DB8:0::1]", "[2001:db8::1]:1", "SIP/2.0/UDP [2001:DB8:0::1]"},
		{"SIP/2.0/UDP [2001:db8::1]", "[fe80::1%lo]:1", "SIP/2.0/UDP [2001:db8::1];received=fe80::1"},
		{"SIP/2.0/UDP 192.0.2.1;rport;branch=b", "192.0.2.1:4000", "SIP/2.0/UDP 192.0.2.1;rport=4000;branch=b;received=192.0.2.1"},
		{"SIP/2.0/UDP 192.0.2.1;branch=b;RPort", "192.0.2.1:4000", "SIP/2.0/UDP 192.0.2.1;branch=b;rport=4000;received=192.0.2.1"},
		{
			"SIP/2.0/UDP 192.0.2.1;rport=1;received=9.9.9.9;branch=b", "192.0.2.1:4000",
			"SIP/2.0/UDP 192.0.2.1;rport=4000;received=192.0.2.1;branch=b",
		},
		{
			"SIP/2.0/UDP 192.0.2.1;received=9.9.9.9;branch=b;rport=1", "192.0.2.1:4000",
			"SIP/2.0/UDP 192.0.2.1;received=192.0.2.1;branch=b;rport=4000",
		},
		{"SIP/2.0/UDP 192.0.2.1;received=9.9.9.9", "192.0.2.1:4000", "SIP/2.0/UDP 192.0.2.1;received=192.0.2.1"},
		{"SIP/2.0/UDP h;received=[2001:db8::9]", "[2001:db8::1]:1", "SIP/2.0/UDP h;received=2001:db8::1"},
		{
			"SIP / 2.0 / UDP h : 4000 ;\r\n rport ; branch = b , SIP/2.0/UDP i", "192.0.2.1:1",
			"SIP / 2.0 / UDP h : 4000 ;rport=1 ; branch = b;received=192.0.2.1 , SIP/2.0/UDP i",
		},
		{"SIP/2.0/UDP h;x=\"a;rport\"", "192.0.2.1:1", "SIP/2.0/UDP h;x=\"a;rport\";received=192.0.2.1"},
	} {
		m := mustParse(t, viaRequest(c.via))
		src := netip.MustParseAddrPort(c.src)
		e := m.Edit()
		e.MarkReceived(src)
		if got, want := string(e.Bytes(nil)), viaRequest(c.want); got != want {
			t.Errorf("from %s:\n%s\nwant\n%s", src, show(got), show(want))
		}
		response := string(Response(nil, m, src, 200, "", ""))
		if want := "SIP/2.0 200 OK\r\nVia: " + c.want + "\r\nFrom: "; !strings.HasPrefix(response, want) {
			t.Errorf("response to %s:\n%s\nwant\n%s", src, show(response), show(want))
		}
	}
}
