package edge

// What becomes of a torture message, in the words of its table.
const (
	forwarded    = "forwarded"     // to the next hop
	dropped      = "dropped"       // without an answer
	answeredWith = "answered "     // by the edge, with the status that follows
	thenShut     = " and shut"     // the connection, whose next message has no known beginning
	waitedFor    = "waited for"    // a stream may bring the rest
	both         = "both, in turn" // forwarded: a stream carries two requests
)

// tortured is a message of RFC 4475 and what must become of it here. A proxy
// forwards what it does not act on, well-formed or not (RFC 3261 section 16.3
// step 1).
type tortured struct {
	name string
	udp  string
	tcp  string // empty: as over UDP
	why  string // sections are of RFC 4475, unless they say otherwise
}

var torturedMessages = []tortured{
	{name: "wsinv", udp: forwarded, why: "3.1.1.1: every fold and space of it is legal"},
	{name: "intmeth", udp: forwarded, why: "3.1.1.2: a proxy forwards unknown methods; the NUL is a quoted-pair"},
	{name: "esc01", udp: forwarded, why: "3.1.1.3: escapes in the URI stay as they came"},
	{name: "escnull", udp: forwarded, why: "3.1.1.4: %00 is two digits and a percent sign"},
	{name: "esc02", udp: forwarded, why: "3.1.1.5: %47 in a method is no escape, so this is no REGISTER"},
	{name: "lwsdisp", udp: forwarded, why: "3.1.1.6: no space is needed before <"},
	{name: "longreq", udp: forwarded, why: "3.1.1.7: long values are legal"},
	{name: "dblreq", udp: forwarded, tcp: both, why: "3.1.1.8: a datagram ends with Content-Length, a stream does not"},
	{name: "semiuri", udp: forwarded, why: "3.1.1.9: a user part may have semicolons"},
	{name: "transports", udp: forwarded, why: "3.1.1.10: the transports of other hops' Vias are theirs"},
	{name: "mpart01", udp: forwarded, why: "3.1.1.11: a binary body is not looked into"},
	{name: "unreason", udp: dropped, why: "3.1.1.12 is legal; no transaction of ours has it (16.7 step 1, RFC 6026 section 7.3)"},
	{name: "noreason", udp: dropped, why: "3.1.1.13: likewise"},

	{name: "badinv01", udp: answeredWith + "400", why: "3.1.2.1: its Via says where to"},
	{name: "clerr", udp: answeredWith + "400", tcp: waitedFor, why: "3.1.2.2: a datagram has no more, a stream may have"},
	{name: "ncl", udp: answeredWith + "400", tcp: answeredWith + "400" + thenShut, why: "3.1.2.3: a stream can't be read on"},
	{name: "scalar02", udp: answeredWith + "400", why: "3.1.2.4: CSeq is 2^31 at least"},
	{name: "scalarlg", udp: dropped, why: "3.1.2.5: a response is never answeredWith"},
	{name: "quotbal", udp: answeredWith + "400", why: "3.1.2.6: the answer repeats the To as it came"},
	{name: "ltgtruri", udp: answeredWith + "400", why: "3.1.2.7"},
	{name: "lwsruri", udp: answeredWith + "400", why: "3.1.2.8"},
	{name: "lwsstart", udp: answeredWith + "400", why: "3.1.2.9: what stands between the spaces is anybody's guess"},
	{name: "trws", udp: answeredWith + "400", why: "3.1.2.10"},
	{name: "escruri", udp: forwarded, why: "3.1.2.11: without the headers, which must not go on"},
	{name: "baddate", udp: forwarded, why: "3.1.2.12: Date is nothing to a proxy"},
	{name: "regbadct", udp: forwarded, why: "3.1.2.13: Contact is the registrar's"},
	{name: "badaspec", udp: forwarded, why: "3.1.2.14: the URI in To is nothing to a proxy"},
	{name: "baddn", udp: forwarded, why: "3.1.2.15: nor is the name before it"},
	{name: "badvers", udp: answeredWith + "505", why: "3.1.2.16"},
	{name: "mismatch01", udp: answeredWith + "400", why: "3.1.2.17"},
	{name: "mismatch02", udp: answeredWith + "400", why: "3.1.2.18"},
	{name: "bigcode", udp: dropped, why: "3.1.2.19"},

	{name: "badbranch", udp: forwarded, why: "3.2.1: matched as a request of RFC 2543"},

	{name: "insuf", udp: dropped, why: "3.3.1: without From, To and Call-ID there is nothing to answer with"},
	{name: "unkscm", udp: forwarded, why: "3.3.2: a next hop makes the scheme its business (RFC 3261 section 16.5)"},
	{name: "novelsc", udp: forwarded, why: "3.3.3: likewise"},
	{name: "unksm2", udp: forwarded, why: "3.3.4: the schemes in To, From and Contact are nothing to a proxy"},
	{name: "bext01", udp: answeredWith + "420", why: "3.3.5: Proxy-Require"},
	{name: "invut", udp: forwarded, why: "3.3.6: the body is the callee's"},
	{name: "regaut01", udp: forwarded, why: "3.3.7: credentials are for whoever asked for them"},
	{name: "multi01", udp: answeredWith + "400", why: "3.3.8"},
	{name: "mcl01", udp: answeredWith + "400", tcp: answeredWith + "400" + thenShut, why: "3.3.9: nobody knows where it ends"},
	{name: "bcast", udp: dropped, why: "3.3.10: nor is it sent to 255.255.255.255"},
	{name: "zeromf", udp: answeredWith + "483", why: "3.3.11"},
	{name: "cparam01", udp: forwarded, why: "3.3.12: Contact is the registrar's"},
	{name: "cparam02", udp: forwarded, why: "3.3.13: likewise"},
	{name: "regescrt", udp: forwarded, why: "3.3.14: likewise"},
	{name: "sdp01", udp: forwarded, why: "3.3.15: Accept is the callee's"},
	{name: "inv2543", udp: forwarded, tcp: answeredWith + "400" + thenShut, why: "3.4.1; on a stream it needs a Content-Length (RFC 3261 section 18.3)"},
}

// over returns what must become of the message on a network.
func (c *tortured) over(network string) string {
	if network == "tcp" && c.tcp != "" {
		return c.tcp
	}
	return c.udp
}
