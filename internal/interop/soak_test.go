package interop

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	sipedge "github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/policy"
)

// redirection is what the redirect server does with a user.
type redirection struct {
	status  int
	targets []string // names of servers, best first
}

// redirections are named by the user part that asks for them. Whatever decides a
// call stands there twice: an INVITE that is lost all of the seven times that
// Timer B leaves it, once in 10^7, changes the way of a call, and not its end.
var redirections = map[string]redirection{
	"300":       {300, []string{"busy", "dead", "unavailable", "answer", "answer2"}},
	"301":       {301, []string{"answer", "answer2"}},
	"302":       {302, []string{"unavailable", "answer", "answer2"}},
	"305":       {305, []string{"answer", "answer2"}},
	"silent":    {302, []string{"silent", "answer", "answer2"}},
	"busy":      {300, []string{"unavailable", "busy", "busy2"}},
	"dead-busy": {301, []string{"dead", "busy", "busy2"}},
	"decline":   {300, []string{"decline", "decline2", "answer"}},
	"dead":      {302, []string{"dead", "dead2"}},
	"none":      {302, nil},
	"gone":      {301, nil},
	"ring":      {302, []string{"ring", "ring2"}},
	"late":      {302, []string{"answer"}}, // after the caller has given up
}

// soakGroups are the calls: 10,000 in all.
var soakGroups = []soakGroup{
	{"soak_call", 200, 6000, []string{"300", "301", "302", "305", "silent"}},
	{"soak_refused", 486, 1600, []string{"busy", "dead-busy"}},
	{"soak_refused", 603, 500, []string{"decline"}},
	{"soak_refused", 480, 700, []string{"dead", "none"}},
	{"soak_refused", 410, 200, []string{"gone"}},
	{"soak_cancel", 487, 1000, []string{"ring", "late"}},
}

const (
	soakCalls   = 10_000
	soakFor     = 55 * time.Second // in which calls are begun
	soakLimit   = 100 * time.Second
	silentAfter = 1500 * time.Millisecond
)

// TestLossSoak places 10,000 calls through an edge while one datagram in ten is
// lost, between any two: each call ends as its kind says, and nothing of any is
// left. Callers are SIPp; the servers are scripted, and the edge runs in this
// process so that its goroutines can be counted. It is not parallel: what starves it
// on a small machine looks like loss.
func TestLossSoak(t *testing.T) {
	if !isInside() {
		ready(t)
		runInside(t, 3*time.Minute)
		return
	}
	loseDatagrams(t)
	before := runtime.NumGoroutine()
	s := startServers(t, behaviours())
	registry := prometheus.NewRegistry()
	e, addr := startSoakEdge(t, s, registry)

	began := time.Now()
	callers := make([]*soakCaller, 0, len(soakGroups))
	for _, g := range soakGroups {
		callers = append(callers, g.start(t, addr))
	}
	for _, c := range callers {
		c.expectAllRight(t)
	}
	t.Logf("%d calls within %s", soakCalls, time.Since(began).Round(time.Second))
	eventually(t, 45*time.Second, func() error {
		if n := e.InProgress(); n > 0 {
			return fmt.Errorf("%d transactions are left", n)
		}
		return nil
	})
	e.Close()
	s.close()
	s.expectPaths(t)
	expectCounters(t, registry)
	if lost := datagramsLost(t); lost < soakCalls {
		t.Errorf("%d datagrams were lost, fewer than one a call", lost)
	}
	eventually(t, 5*time.Second, func() error {
		if n := runtime.NumGoroutine(); n > before {
			return fmt.Errorf("%d goroutines, %d before", n, before)
		}
		return nil
	})
}

// behaviours are what the servers do with an INVITE, by their names; "dead" is
// none of them.
func behaviours() map[string]func(tx *serverTx) {
	final := func(status int, reason string) func(tx *serverTx) {
		return func(tx *serverTx) { tx.answer(status, reason) }
	}
	ring := func(tx *serverTx) { tx.answer(180, "Ringing") }
	return map[string]func(tx *serverTx){
		"redirect": redirect, "redirect2": redirect,
		"answer": final(200, "OK"), "answer2": final(200, "OK"),
		"busy": final(486, "Busy Here"), "busy2": final(486, "Busy Here"),
		"decline": final(603, "Decline"), "decline2": final(603, "Decline"),
		"unavailable": final(503, "Service Unavailable"),
		"silent":      func(*serverTx) {},
		"ring":        ring, "ring2": ring,
	}
}

func redirect(tx *serverTx) {
	user := tx.req.user()
	r, known := redirections[user]
	if !known {
		tx.s.complain("%s: nobody calls %q", tx.on.name, user)
		return
	}
	tx.s.users[tx.req.callID] = user
	var headers []string
	for i, name := range r.targets {
		headers = append(headers, fmt.Sprintf("Contact: <sip:%s@%s>;q=0.%d", name, tx.s.addr(name), 9-i))
	}
	do := func() { tx.answer(r.status, "Redirected", headers...) }
	if user != "late" {
		do()
		return
	}
	tx.answer(100, "Trying")
	tx.after(20*time.Second, do)
}

// startSoakEdge starts the edge in front of the redirect servers. The second one
// is for when the first can't be reached.
func startSoakEdge(t *testing.T, s *servers, registry *prometheus.Registry) (*sipedge.Edge, netip.AddrPort) {
	t.Helper()
	listen, err := transport.ParseAddress("udp://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e, err := sipedge.Start(sipedge.Options{
		Config: sipedge.Config{
			Listen:  []transport.Address{listen},
			NextHop: []string{"sip:" + s.addr("redirect"), "sip:" + s.addr("redirect2")},
			Timers:  transaction.Timers{T1: 250 * time.Millisecond, T2: 2 * time.Second, T4: 2500 * time.Millisecond},
		},
		Embedded:   impatient(policy.NewBuiltin(policy.DefaultConfig())),
		Registerer: registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	return e, e.Listeners()[0].Addr
}

// impatient gives the silent target a response_timeout.
func impatient(p policy.Policy) policy.Policy {
	return policy.Func(func(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		resp, err := p.Decide(ctx, req)
		for _, target := range resp.GetTryTargets().GetTargets() {
			if strings.HasPrefix(target.GetUri(), "sip:silent@") {
				target.ResponseTimeout = durationpb.New(silentAfter)
			}
		}
		return resp, err
	})
}

// expectPaths checks the way of each call: to targets of its row only, in their
// order, to none twice, and to none after the one that decided.
func (s *servers) expectPaths(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.wrong {
		t.Error(w)
	}
	answered := map[string]int{}
	for _, tx := range s.byTag {
		answered[tx.req.callID]++
	}
	if len(s.visits) != soakCalls || len(answered) != soakGroups[0].calls || len(s.ended) != len(answered) {
		t.Errorf("%d calls reached a server, %d were answered and %d hung up: not %d, and %d of both",
			len(s.visits), len(answered), len(s.ended), soakCalls, soakGroups[0].calls)
	}
	for callID, visited := range s.visits {
		user := s.users[callID]
		rest := append([]string{"redirect", "redirect2"}, redirections[user].targets...)
		for _, name := range visited {
			if name == "silent" { // its first copies may be lost, and a later one be overtaken
				continue
			}
			i := slices.Index(rest, name)
			if i < 0 {
				t.Errorf("a call for %q went to %q", user, visited)
				break
			}
			if rest = rest[i+1:]; decides(name) {
				rest = nil
			}
		}
		if answered[callID] > 1 {
			t.Errorf("a call for %q was answered %d times", user, answered[callID])
		}
	}
}

func decides(name string) bool {
	name = strings.TrimSuffix(name, "2")
	return name == "answer" || name == "decline" || name == "ring"
}
