package rehearse

import (
	"net/netip"
	"strconv"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/sipcontract"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// call is the request of a test.
type call struct {
	text    text
	request *message.Message
	change  func(*redirectv1.Call) // what the request does not say
}

// transports are those that Call.transport has.
var transports = []string{"udp", "tcp", "tls", "ws", "wss"}

// readCall reads the request, which may be left out altogether: what is not said
// comes from the answer if that is a text of its own, and has a fixed value else.
func readCall(file string, test *strictyaml.Map, answer *message.Message) *call {
	m := test.Map("call")
	c := &call{}
	source, transport := "192.0.2.1:5060", "udp"
	var trunk string
	attributes := make(map[string]string)
	m.String("trunk", &trunk)
	m.Map("attributes").Entries(func(key, value strictyaml.Value) { attributes[key.Text] = value.Text })
	hasSource, hasTransport := m.String("source", &source), m.Enum("transport", &transport, transports...)
	if _, err := netip.ParseAddrPort(source); err != nil {
		m.Failf("source", "%q is no address and port, such as 192.0.2.1:5060 or [2001:db8::1]:5060", source)
	}
	isText := m.Has("invite") || m.Has("invite_file")
	if isText {
		c.text = readText(file, m, "invite", "invite_file")
		for _, key := range composed {
			if m.Has(key) {
				m.Failf(key, "the invite says it; want one of the two")
			}
		}
	} else {
		c.text = compose(test, m, answer, source, transport)
	}
	m.Done()
	if c.text.bytes == nil {
		return nil
	}
	var err error
	if c.request, err = sipcontract.Parse(c.text.bytes); err != nil {
		c.text.fails(err)
		return nil
	}
	c.change = func(p *redirectv1.Call) {
		p.Trunk, p.Attributes = trunk, attributes
		if hasSource || !isText {
			p.SourceAddress = source
		}
		if hasTransport || !isText {
			p.Transport = transport
		}
	}
	return c
}

// composed are the keys that a request is made of.
var composed = []string{"method", "uri", "from", "to", "call_id", "headers"}

// compose makes a request of keys.
func compose(test, m *strictyaml.Map, answer *message.Message, source, transport string) text {
	method, uri := "INVITE", "sip:+15550100@edge.example.com"
	from, callID, cseq := "<sip:alice@caller.example.com>;tag=1", "rehearsal@caller.example.com", "1"
	var to string
	if answer != nil { // and then it is what this answers
		method, from, to, callID = answer.Method(), answer.From(), answer.To(), answer.CallID()
		n, _ := answer.CSeq()
		cseq = strconv.FormatUint(uint64(n), 10)
		if n, err := message.ParseNameAddr(to); err == nil {
			uri = n.URI
		}
	}
	m.String("method", &method)
	m.String("uri", &uri)
	if to == "" {
		to = "<" + uri + ">"
	}
	m.String("from", &from)
	m.String("to", &to)
	m.String("call_id", &callID)
	at := func(key string) fail {
		if m == nil {
			return failAt(test, "call")
		}
		return failAt(m, key)
	}
	t := text{fail: failAt(test, "call")}
	first := "uri"
	if m.Has("method") && !m.Has("uri") {
		first = "method"
	}
	t.line(method+" "+uri+" SIP/2.0", at(first))
	t.line("Via: SIP/2.0/"+strings.ToUpper(transport)+" "+source+";branch=z9hG4bK1", at("source"))
	t.line("From: "+from, at("from"))
	t.line("To: "+to, at("to"))
	t.line("Call-ID: "+callID, at("call_id"))
	t.line("CSeq: "+cseq+" "+method, at("method"))
	m.Each("headers", func(v strictyaml.Value) { t.line(v.Text, v.Failf) })
	t.bytes = append(t.bytes, "\r\n"...)
	return t
}
