package rehearse

import (
	"net/netip"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/sipcontract"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// event is what happened: a redirect, an advice or a failure.
type event struct {
	from    *redirectv1.Target // who brought it; nil: the next hop
	fail    fail
	failure *redirectv1.Attempt // how it ended; nil: a response brought the event

	text    text             // of the response, if it is one of its own
	read    *message.Message // that response, read
	status  int              // else it is made of these
	reason  string
	headers []message.Header
	source  string
}

// answer returns a response that is a text of its own; nil if there is none.
func (e *event) answer() *message.Message {
	if e == nil {
		return nil
	}
	return e.read
}

var events = []string{"redirect", "advice", "failure"}

// readEvent reads the one event of a test; nil if there is none that can be read.
func readEvent(file string, test *strictyaml.Map) *event {
	var found *event
	seen := ""
	for _, kind := range events {
		if !test.Has(kind) {
			continue
		}
		if seen != "" {
			test.Failf(kind, "there is %s too; a test is about one event", seen)
		}
		seen = kind
		if m := test.Map(kind); m != nil {
			found = readOne(file, test, m, kind)
		}
	}
	if seen == "" {
		test.Failf("name", "there is no event; want redirect, advice or failure")
	}
	return found
}

func readOne(file string, test, m *strictyaml.Map, kind string) *event {
	e := &event{fail: failAt(test, kind)}
	if kind != "advice" { // which the next hop alone gives
		m.TextOrMap("from", func(v strictyaml.Value) { e.from = &redirectv1.Target{Uri: v.Text} }, func(t *strictyaml.Map) {
			e.from = readTarget(t)
			t.Done()
		})
	}
	switch kind {
	case "failure":
		e.failure = readOutcome(m)
		if !m.Has("status") && !m.Has("outcome") {
			test.Failf(kind, "how did it fail? want status or outcome")
		}
	case "redirect":
		e.readResponse(file, test, m, kind, 300, 399)
	default:
		e.readResponse(file, test, m, kind, 400, 699)
	}
	m.Done()
	return e
}

// readResponse reads a response: a text, or what it is made of.
func (e *event) readResponse(file string, test, m *strictyaml.Map, kind string, lo, hi int) {
	if m.String("source", &e.source) {
		if _, err := netip.ParseAddrPort(e.source); err != nil {
			m.Failf("source", "%q is no address and port, such as 192.0.2.10:5060 or [2001:db8::10]:5060", e.source)
		}
	}
	isText := m.Has("response") || m.Has("response_file")
	if isText {
		e.readText(file, m, lo, hi)
		for _, key := range []string{"status", "reason", "contacts", "headers"} {
			if m.Has(key) {
				m.Failf(key, "the response says it; want one of the two")
			}
		}
		return
	}
	if !m.Int("status", &e.status, lo, hi) && !m.Has("status") {
		test.Failf(kind, "status is missing; want %d to %d, or a response as text", lo, hi)
	}
	m.String("reason", &e.reason)
	if kind == "redirect" {
		m.Each("contacts", func(v strictyaml.Value) { e.header(v, "Contact: "+v.Text) })
	}
	m.Each("headers", func(v strictyaml.Value) { e.header(v, v.Text) })
}

func (e *event) readText(file string, m *strictyaml.Map, lo, hi int) {
	e.text = readText(file, m, "response", "response_file")
	if e.text.bytes == nil {
		return
	}
	read, err := sipcontract.Parse(e.text.bytes)
	switch {
	case err != nil:
		e.text.fails(err)
	case read.IsRequest():
		e.text.fail("this is a request, %s; want the response to it", read.Method())
	case read.Status() < lo || read.Status() > hi:
		e.text.fail("its status is %d; want %d to %d", read.Status(), lo, hi)
	default:
		e.read = read
		return
	}
	e.text.bytes = nil
}

// header adds a line of the response.
func (e *event) header(v strictyaml.Value, line string) {
	name, value, ok := strings.Cut(line, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	switch {
	case strings.ContainsAny(line, "\r\n\x00"):
		v.Failf("there is a line break in it; want one line")
	case !ok || name == "" || strings.ContainsAny(name, " \t\"<>()@,;\\/[]?={}"):
		v.Failf("%q is no header field; want one such as \"Privacy: id\"", v.Text)
	default:
		e.headers = append(e.headers, message.Header{Name: name, Value: value})
	}
}

// question makes the question; nil if a problem was found.
func (e *event) question(c *call) *redirectv1.DecideRequest {
	response := e.text.bytes
	switch {
	case e.failure != nil:
		response = redirected(c)
	case e.read != nil:
	case e.status == 0:
		return nil
	default:
		response = message.Response(nil, c.request, netip.AddrPort{}, e.status, e.reason, "rehearsal", e.headers...)
	}
	q, err := sipcontract.Question(c.text.bytes, response, sipcontract.Options{Advice: true})
	if err != nil {
		e.fails(c, err)
		return nil
	}
	c.change(q.GetCall())
	return q
}

// redirected is what a next hop has said when something else brought the event.
func redirected(c *call) []byte {
	return message.Response(nil, c.request, netip.AddrPort{}, 302, "", "rehearsal")
}
