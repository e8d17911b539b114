package message

import (
	"net/netip"
	"strings"
)

var testSource = netip.MustParseAddrPort("198.51.100.7:9999")

// edits holds changes, and the one place of the message that each may touch.
var edits = []struct {
	name     string
	raw      string
	edit     func(e *Edit)
	old, new string // what must have changed in raw, all else being equal
}{
	{"nothing", invite, func(*Edit) {}, "", ""},
	{
		"Request-URI", invite, func(e *Edit) { e.SetRequestURI("sip:c@h") },
		"INVITE sip:bob@example.com;user=phone SIP", "INVITE sip:c@h SIP",
	},
	{"Max-Forwards", invite, func(e *Edit) { e.SetMaxForwards(69) }, "Max-Forwards: 70", "Max-Forwards: 69"},
	{
		"Max-Forwards folded and compact", request("MaX-fOrWaRdS\t:\r\n 0068 "), func(e *Edit) { e.SetMaxForwards(67) },
		"\r\n 0068 ", "\r\n 67 ",
	},
	{
		"Max-Forwards absent", request(), func(e *Edit) { e.SetMaxForwards(70) },
		"\r\nFrom", "\r\nMax-Forwards: 70\r\nFrom",
	},
	{
		"push Via", invite, func(e *Edit) { e.PushVia("SIP/2.0/UDP x;branch=1"); e.PushVia("SIP/2.0/TCP y;branch=2") },
		"\r\nVia: SIP/2.0/UDP 192", "\r\nVia: SIP/2.0/TCP y;branch=2\r\nVia: SIP/2.0/UDP x;branch=1\r\nVia: SIP/2.0/UDP 192",
	},
	{"pop joined Via", invite, func(e *Edit) { e.PopVia() }, "SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bKtop, ", ""},
	{"pop Via alone", redirect, func(e *Edit) { e.PopVia() }, "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKours\r\n", ""},
	{
		"pop two Vias", invite, func(e *Edit) { e.PopVia(); e.PopVia() },
		"Via: SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bKtop, SIP/2.0/TCP [2001:db8::1];branch=z9hG4bKsecond\r\n", "",
	},
	{
		"pop folded Via", viaRequest("SIP/2.0/UDP a,\r\n SIP / 2.0\r\n /UDP b"), func(e *Edit) { e.PopVia() },
		"SIP/2.0/UDP a,\r\n ", "",
	},
	{
		"push and mark", invite,
		func(e *Edit) { e.MarkReceived(testSource); e.PushVia("SIP/2.0/UDP x;branch=1") },
		"Via: SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bKtop,",
		"Via: SIP/2.0/UDP x;branch=1\r\nVia: SIP/2.0/UDP 192.0.2.1:5070;rport=9999;branch=z9hG4bKtop;received=198.51.100.7,",
	},
	{
		"Record-Route", invite, func(e *Edit) { e.PushRecordRoute("<sip:1;lr>"); e.PushRecordRoute("<sip:2;lr>") },
		"Record-Route: ", "Record-Route: <sip:2;lr>\r\nRecord-Route: <sip:1;lr>\r\nRecord-Route: ",
	},
	{
		"Record-Route absent", request(), func(e *Edit) { e.PushRecordRoute("<sip:1;lr>"); e.PushRecordRoute("<sip:2;lr>") },
		"\r\nFrom", "\r\nRecord-Route: <sip:2;lr>\r\nRecord-Route: <sip:1;lr>\r\nFrom",
	},
	{
		"remove one of several", request("x: 1", "X : 2", "x:1\r\n 2", "y: 2"),
		func(e *Edit) { e.RemoveIf("X", func(v string) bool { return v == "1 2" }) }, "x:1\r\n 2\r\n", "",
	},
	{
		"remove none of several", request("x: 1", "X : 2", "y: 2"),
		func(e *Edit) { e.RemoveIf("X", func(v string) bool { return v == "3" }) }, "", "",
	},
	{"pop a Route", invite, func(e *Edit) { e.PopRoutes(1) }, "<sip:p1.example.com;lr>, ", ""},
	{
		"pop two Routes", invite, func(e *Edit) { e.PopRoutes(1); e.PopRoutes(1) },
		`Route: <sip:p1.example.com;lr>, "P, 2" <sip:p2.example.com;lr>;x="a,b"` + "\r\n", "",
	},
	{
		"pop more Routes than there are", invite, func(e *Edit) { e.PopRoutes(9) },
		`Route: <sip:p1.example.com;lr>, "P, 2" <sip:p2.example.com;lr>;x="a,b"` + "\r\nRoute: <sip:p3.example.com;lr>\r\n", "",
	},
	{
		"set Routes", invite, func(e *Edit) { e.PopRoutes(1); e.SetRoutes([]string{"sip:a;lr", "sip:b;lr"}) },
		`<sip:p1.example.com;lr>, "P, 2" <sip:p2.example.com;lr>;x="a,b"` + "\r\nRoute: <sip:p3.example.com;lr>\r\n",
		"<sip:a;lr>, <sip:b;lr>\r\n",
	},
	{
		"set Routes where there are none", request(), func(e *Edit) { e.SetRoutes([]string{"sip:a;lr"}) },
		"\r\nFrom", "\r\nRoute: <sip:a;lr>\r\nFrom",
	},
	{
		"set no Routes", invite, func(e *Edit) { e.SetRoutes(nil) },
		`Route: <sip:p1.example.com;lr>, "P, 2" <sip:p2.example.com;lr>;x="a,b"` + "\r\nRoute: <sip:p3.example.com;lr>\r\n", "",
	},
	{"remove", invite, func(e *Edit) { e.Remove("supported") }, "Supported: 100rel, timer\r\nSupported: histinfo\r\n", ""},
	{"remove compact", request("k: a", "y: z", "K: b"), func(e *Edit) { e.Remove("Supported"); e.Remove("Identity") }, "k: a\r\ny: z\r\nK: b\r\n", ""},
	{"add after the same", request("s: a", "X-Y: z"), func(e *Edit) { e.Add("Subject", "b") }, "s: a\r\n", "s: a\r\nSubject: b\r\n"},
	{
		"add at the end", request("Xy: a") + "body", func(e *Edit) { e.Add("Reason", "SIP;cause=302"); e.Add("Reason", "2") },
		"\r\n\r\n", "\r\nReason: SIP;cause=302\r\nReason: 2\r\n\r\n",
	},
	{
		"replace", invite, func(e *Edit) { e.Remove("Supported"); e.Add("Supported", "x") },
		"Supported: 100rel, timer\r\nSupported: histinfo\r\n", "Supported: x\r\n",
	},
	{"remove the last and add", request("Xy: a"), func(e *Edit) { e.Remove("xy"); e.Add("XY", "b") }, "Xy: a\r\n", "XY: b\r\n"},
	{
		"more edits than have a place", request("A1: 1", "A2: 2", "A3: 3", "A4: 4"), func(e *Edit) {
			for _, name := range []string{"A1", "A2", "A3", "A4"} {
				e.Remove(name)
				e.Add(name, "x")
			}
		},
		"A1: 1\r\nA2: 2\r\nA3: 3\r\nA4: 4\r\n", "A1: x\r\nA2: x\r\nA3: x\r\nA4: x\r\n",
	},
	{"keep all contacts", redirect, func(e *Edit) { e.KeepContacts([]int{2, 0, 1}) }, "", ""},
	{
		"keep some contacts", redirect, func(e *Edit) { e.KeepContacts([]int{1}) },
		`"One, two" <sip:+1;rn=2;npdi@h1.example.com;transport=tcp>;q=0.99;expires=60, sip:b@h2.example.com;q=0.5` +
			"\r\nContact: <sips:c@[2001:db8::1]:5061>\r\n", "sip:b@h2.example.com;q=0.5\r\n",
	},
	{
		"keep contacts of a list", strings.Replace(redirect, "Contact: <sips", "m : sip:x@h ,,\t<sip:y@h>\r\n , <sips", 1),
		func(e *Edit) { e.KeepContacts([]int{0, 1, 2, 4}) }, "sip:x@h ,,\t<sip:y@h>\r\n , <sips", "sip:x@h, <sips",
	},
	{"Content-Length there", invite, func(e *Edit) { e.EnsureContentLength() }, "", ""},
	{
		"Content-Length absent", request() + "body", func(e *Edit) { e.EnsureContentLength() },
		"\r\n\r\n", "\r\nContent-Length: 4\r\n\r\n",
	},
	{
		"Content-Length removed", request("l: 4") + "body", func(e *Edit) { e.Remove("Content-Length"); e.EnsureContentLength() },
		"l: 4", "Content-Length: 4",
	},
	{
		"line ends in values", request(), func(e *Edit) { e.SetRequestURI("sip:a\r\n@h"); e.Add("Xy", "a\r\nVia: b\x00") },
		request()[len("OPTIONS "):], strings.Replace(request("Xy: a  Via: b "), "bob@example.com", "a  @h", 1)[len("OPTIONS "):],
	},
}
