package edge

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/redirectd/redirectd/internal/edge/message/messagetest"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestTorture sends every message of RFC 4475 to an edge with a next hop that
// answers all it gets with 200, and asks after each one whether the edge lives.
// In the end nothing of any message is left.
func TestTorture(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			r := startRack(t, network)
			messages := tortureMessages(t, r)
			for i := range torturedMessages {
				c := &torturedMessages[i]
				t.Logf("%s: %s (%s)", c.name, c.over(network), c.why)
				r.torture(t, c, messages[c.name])
			}
			r.expectNothingLeft(t)
		})
	}
}

// TestTortureWithoutNextHop: nobody but a next hop could know these schemes.
func TestTortureWithoutNextHop(t *testing.T) {
	t.Parallel()
	messages := messagetest.Torture(t)
	e, caller := startEdge(t), siptest.NewAt(t, "udp", anyLoopback()+":5060")
	for _, name := range []string{"unkscm", "novelsc"} { // 3.3.2, 3.3.3
		caller.SendBytes(e.udp, []byte(messages[name]))
		caller.Expect("SIP/2.0 416 Unsupported URI Scheme")
	}
}

// tortureMessages returns the messages of the table by name, and fails the test
// if it does not hold them all.
func tortureMessages(t *testing.T, r *rack) map[string]string {
	t.Helper()
	messages := messagetest.Torture(t)
	delete(messages, "test") // not of the RFC
	if len(messages) != len(torturedMessages) {
		t.Fatalf("%d messages, the table has %d", len(messages), len(torturedMessages))
	}
	messages["baddn"] += "\r\n" // lost on the way from the RFC
	// In a dialog its Route is followed. Its host is one that DNS need not be asked for.
	messages["wsinv"] = strings.Replace(messages["wsinv"], "sip:services.example.com", r.hop.URI(""), 1)
	messages["quotbal"] = strings.Replace(messages["quotbal"], ":5050", ":5060", 1) // where the caller is
	for name, raw := range messages {                                               // some share one, and would be the same transaction (17.2.3)
		messages[name] = strings.Replace(raw, "z9hG4bKkdjuw", "z9hG4bKkdjuw"+name, 1)
	}
	return messages
}

// rack is an edge with a caller and a next hop. The caller's port is the one
// that a Via without rport and port asks to be answeredWith at.
type rack struct {
	*running
	network     string
	idle        int // goroutines before there was a peer
	caller, hop *siptest.Peer
	at          netip.AddrPort // of the edge
	seen        map[string]bool
}

func startRack(t *testing.T, network string) *rack {
	t.Helper()
	hop := siptest.New(t, network, "127.0.0.1")
	e := startEdge(t, nextHop(hop.URI("")), func(o *Options) {
		o.Config.Timers = transaction.Timers{T1: 40 * time.Millisecond, T2: 160 * time.Millisecond, T4: 100 * time.Millisecond}
	})
	r := &rack{running: e, network: network, idle: runtime.NumGoroutine() - 1, hop: hop, at: e.udp, seen: map[string]bool{}}
	if network == "tcp" {
		r.at = e.tcp
	}
	r.caller = siptest.NewAt(t, network, anyLoopback()+":5060")
	return r
}

// anyLoopback is an address that no other test has in use.
func anyLoopback() string {
	return fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
}

func (r *rack) torture(t *testing.T, c *tortured, raw string) {
	t.Helper()
	held := r.InProgress()
	r.caller.SendBytes(r.at, []byte(raw))
	fate := c.over(r.network)
	status, isAnswered := strings.CutPrefix(fate, answeredWith)
	status, shut := strings.CutSuffix(status, thenShut)
	switch {
	case fate == forwarded:
		first, _ := cutMessage(raw)
		r.expectForwarded(t, first)
	case fate == both:
		first, second := cutMessage(raw)
		r.expectForwarded(t, first)
		second, _ = cutMessage(strings.TrimLeft(second, "\r\n"))
		r.expectForwarded(t, second)
	case isAnswered:
		r.caller.Expect("SIP/2.0 " + status + " ")
	}
	switch {
	case shut:
		r.caller.Disconnected(r.at, siptest.Timeout)
	case fate == waitedFor:
		r.caller.Disconnect(r.at)
	}
	r.expectAlive(t)
	if now := r.InProgress(); fate != forwarded && fate != both && now > held+1 {
		t.Errorf("%d transactions, that of the OPTIONS among them, %d before", now, held)
	}
}

// expectAlive sends an OPTIONS through the edge. Nothing comes before it, and
// nothing before its answer: what was sent earlier has been dealt with.
func (r *rack) expectAlive(t *testing.T) {
	t.Helper()
	ping := r.caller.Invite(r.at, "sip:alive@example.com", siptest.Method("OPTIONS"))
	m := r.next()
	if m.Header("Call-ID") != ping.CallID {
		t.Errorf("this reached the next hop:\n%s", m.Raw)
	}
	r.hop.Respond(m, 200, "OK")
	if m := r.caller.Expect("SIP/2.0 200 "); m.Header("Call-ID") != ping.CallID {
		t.Errorf("this came before the answer to the OPTIONS:\n%s", m.Raw)
	}
}

// next is the next request at the next hop that is no retransmission: T1 is
// short.
func (r *rack) next() *siptest.Msg {
	for {
		m := r.hop.Receive()
		if branch := m.Param("Via", "branch"); !r.seen[branch] {
			r.seen[branch] = true
			return m
		}
	}
}

// expectForwarded expects a request at the next hop, with nothing changed but
// what a proxy changes, and its answer at the caller.
func (r *rack) expectForwarded(t *testing.T, sent string) {
	t.Helper()
	m := r.next()
	want := &siptest.Msg{Raw: sent}
	hops, err := strconv.Atoi(want.Header("Max-Forwards"))
	if err != nil {
		hops = 71 // it has none
	}
	if got := m.Header("Max-Forwards"); got != strconv.Itoa(hops-1) {
		t.Errorf("Max-Forwards is %s after %d", got, hops)
	}
	if got, want := r.withoutOurs(t, m.Raw), withoutHops(withoutEdits(sent)); got != want {
		t.Errorf("forwarded:\n%q\nwant:\n%q", got, want)
	}
	r.hop.Respond(m, 200, "OK")
	ok := r.caller.ExpectSkipping100("SIP/2.0 200 ")
	if ok.Header("Call-ID") != want.Header("Call-ID") || len(ok.Values("Via")) != len(want.Values("Via")) {
		t.Errorf("the answer is not to the request:\n%s", ok.Raw)
	}
}

// withoutEdits is a message without the two things that the edge takes out: the
// headers in a Request-URI (19.1.1 table 1), and a Route beside a next hop.
func withoutEdits(raw string) string {
	raw = strings.Replace(raw, "?Route=%3Csip:example.com%3E SIP/2.0", " SIP/2.0", 1)
	return strings.Replace(raw, "Route: <sip:127.0.0.1:5080>\r\n", "", 1)
}

var (
	maxForwards = regexp.MustCompile(`(?im)^Max-Forwards[ \t]*:.*\r\n`)
	rport       = regexp.MustCompile(`;rport=\d+`)
	ownRoutes   = regexp.MustCompile(`(?m)^Record-Route: <sip:(?:\w+@)?127\.0\.0\.1:\d+[^>]*;lr;[^>]*>\r\n`)
)

func withoutHops(raw string) string { return maxForwards.ReplaceAllString(raw, "") }

// withoutOurs takes out of a forwarded request what a proxy puts in (16.6 steps
// 3, 4 and 8, 18.2.1, RFC 3581).
func (r *rack) withoutOurs(t *testing.T, raw string) string {
	t.Helper()
	if top := (&siptest.Msg{Raw: raw}).Values("Via")[0]; !strings.Contains(top, " "+r.at.String()+";branch=z9hG4bK") {
		t.Errorf("the top Via is %q, not ours", top)
	}
	ours := regexp.MustCompile(`(?m)^Via: SIP/2\.0/(?:UDP|TCP) ` + r.at.String() + `;branch=z9hG4bK\S+\r\n`)
	rest := ownRoutes.ReplaceAllString(ours.ReplaceAllString(withoutHops(raw), ""), "")
	source := ";received=" + r.caller.Addr().Addr().String()
	if strings.Count(rest, source) != 1 {
		t.Errorf("%s does not stand there once:\n%s", source, raw)
	}
	return rport.ReplaceAllString(strings.Replace(rest, source, "", 1), ";rport")
}

// cutMessage cuts a message at its Content-Length; without one it goes to the
// end.
func cutMessage(raw string) (first, rest string) {
	m := &siptest.Msg{Raw: raw}
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	n, err := strconv.Atoi(m.Header("Content-Length"))
	if err != nil || n > len(body) {
		return raw, ""
	}
	return head + "\r\n\r\n" + body[:n], body[n:]
}

// expectNothingLeft waits until no transaction and no goroutine is left.
func (r *rack) expectNothingLeft(t *testing.T) {
	t.Helper()
	r.caller.Close()
	r.hop.Close()
	eventually(t, "every transaction ends", func() bool { return r.InProgress() == 0 })
	eventually(t, "no goroutine is left over", func() bool { return runtime.NumGoroutine() <= r.idle })
	var panics dto.Metric
	if err := r.metrics.panics.Write(&panics); err != nil || panics.GetCounter().GetValue() != 0 {
		t.Errorf("%v events panicked: %v", panics.GetCounter().GetValue(), err)
	}
}
