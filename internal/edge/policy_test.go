package edge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/decision"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestPolicyUnavailable has no decision, in each way that can happen, and each
// answer to it.
func TestPolicyUnavailable(t *testing.T) {
	t.Parallel()
	failures := map[string]policy.Func{
		"error": func(contextT, *requestT) (*responseT, error) { return nil, errors.New("down") },
		"timeout": func(ctx contextT, _ *requestT) (*responseT, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"deaf": func(ctx contextT, _ *requestT) (*responseT, error) { // ignores its deadline
			<-ctx.Done()
			<-time.After(2 * time.Second)
			return nil, nil
		},
		"panic":     func(contextT, *requestT) (*responseT, error) { panic("boom") },
		"nil":       func(contextT, *requestT) (*responseT, error) { return nil, nil },
		"no action": func(contextT, *requestT) (*responseT, error) { return &responseT{}, nil },
	}
	for name, p := range failures {
		for _, c := range []struct {
			on   OnUnavailable
			want int
		}{{Map, 480}, {Embedded, 200}, {PassThrough, 302}} {
			t.Run(name+" "+string(c.on), func(t *testing.T) {
				t.Parallel()
				caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
				e := startEdge(t, nextHop(server.URI("")), withPolicy(p), func(o *Options) {
					o.Config.Policy.Timeout = 100 * time.Millisecond
					o.Config.Policy.OnUnavailable = c.on
				})
				call := caller.Invite(e.udp, "sip:bob@example.com")
				server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
				moved := server.Expect("ACK ").At
				if c.want == 200 {
					target.Respond(target.Expect("INVITE "), 200, "OK")
				}
				final := caller.ExpectSkipping100(fmt.Sprintf("SIP/2.0 %d ", c.want))
				if took := final.At.Sub(moved); took > 1900*time.Millisecond { // a machine may stand still for a while
					t.Errorf("the answer took %s with a policy timeout of 100 ms", took)
				}
				call.Ack(final)
				caller.Silent(20 * time.Millisecond)
			})
		}
	}
}

// TestOutstandingDecisionsAreBounded answers at once when too many are waited for.
func TestOutstandingDecisionsAreBounded(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(policy.Func(func(ctx contextT, _ *requestT) (*responseT, error) {
		asked.Add(1)
		<-ctx.Done()
		return nil, ctx.Err()
	})), func(o *Options) {
		o.Config.Limits.Decisions = 1
		o.Config.Policy.Timeout = 2 * time.Second
	})
	for range 2 {
		caller.Invite(e.udp, "sip:bob@example.com")
		server.Respond(server.ExpectSkipping100("INVITE "), 302, "Moved Temporarily", "Contact: <sip:bob@127.0.0.1:9>")
		server.Expect("ACK ")
	}
	caller.ExpectSkipping100("SIP/2.0 480")
	if got := asked.Load(); got != 1 {
		t.Errorf("the policy was asked %d times, want 1", got)
	}
}

// TestBadAnswersAreNoDecision keeps what a policy must not say from the wire.
func TestBadAnswersAreNoDecision(t *testing.T) {
	t.Parallel()
	targets := func(n int) []*redirectv1.Target {
		all := make([]*redirectv1.Target, n)
		for i := range all {
			all[i] = &redirectv1.Target{Uri: fmt.Sprintf("sip:%d@127.0.0.1:9", i)}
		}
		return all
	}
	try := func(t *redirectv1.TryTargets) *responseT {
		return &responseT{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: t}}
	}
	reject := func(status uint32, reason string) *responseT {
		return &responseT{Action: &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{Status: status, ReasonPhrase: reason}}}
	}
	op := func(name, value string) []*redirectv1.HeaderOp {
		return []*redirectv1.HeaderOp{{Op: &redirectv1.HeaderOp_Add{Add: &redirectv1.Header{Name: name, Value: value}}}}
	}
	for name, c := range map[string]struct {
		answer *responseT
		method string
		want   string
	}{
		"nothing":             {nil, "INVITE", "empty"},
		"no action":           {&responseT{}, "INVITE", "action is unset"},
		"no target":           {try(&redirectv1.TryTargets{}), "INVITE", "0 is out of range (1 to 64)"},
		"65 targets":          {try(&redirectv1.TryTargets{Targets: targets(65)}), "INVITE", "65 is out of range (1 to 64)"},
		"status 399":          {reject(399, ""), "INVITE", "399 is out of range (400 to 699)"},
		"status 700":          {reject(700, ""), "INVITE", "700 is out of range"},
		"status 200":          {reject(200, ""), "INVITE", "200 is out of range"},
		"408 to MESSAGE":      {reject(408, ""), "MESSAGE", "408 is no answer to MESSAGE"},
		"CRLF in the reason":  {reject(480, "No\r\nVia: x"), "INVITE", "CR, LF or NUL"},
		"LF in a URI":         {try(&redirectv1.TryTargets{Targets: []*redirectv1.Target{{Uri: "sip:a@h\nX: y"}}}), "INVITE", "CR, LF or NUL"},
		"NUL in a header":     {try(&redirectv1.TryTargets{Targets: []*redirectv1.Target{{Uri: "sip:a@h", HeaderOps: op("X-A", "a\x00b")}}}), "INVITE", "CR, LF or NUL"},
		"CR in exhausted":     {try(&redirectv1.TryTargets{Targets: targets(1), Exhausted: &redirectv1.FinalResponse{Status: 480, HeaderOps: op("X-A", "a\rb")}}), "INVITE", "CR, LF or NUL"},
		"LF in a route":       {try(&redirectv1.TryTargets{Targets: []*redirectv1.Target{{Uri: "sip:a@h", Routes: []string{"sip:p\n"}}}}), "INVITE", "CR, LF or NUL"},
		"LF in explanation":   {&responseT{Action: reject(480, "").Action, Explanation: &redirectv1.Explanation{Text: "a\nb"}}, "INVITE", "CR, LF or NUL"},
		"too much state":      {&responseT{Action: reject(480, "").Action, PolicyState: make([]byte, 4097)}, "INVITE", "4097 bytes, more than 4096"},
		"too big":             {&responseT{Action: reject(480, "").Action, Explanation: &redirectv1.Explanation{Text: strings.Repeat("x", 70000)}}, "INVITE", "more than 65536"},
		"status in exhausted": {try(&redirectv1.TryTargets{Targets: targets(1), Exhausted: &redirectv1.FinalResponse{Status: 302}}), "INVITE", "302 is out of range"},
		"65 header ops":       {try(&redirectv1.TryTargets{Targets: []*redirectv1.Target{{Uri: "sip:a@h", HeaderOps: make([]*redirectv1.HeaderOp, 65)}}}), "INVITE", "65 header operations"},
		"9 routes":            {try(&redirectv1.TryTargets{Targets: []*redirectv1.Target{{Uri: "sip:a@h", Routes: make([]string, 9)}}}), "INVITE", "routes: 9"},
	} {
		t.Run(name, func(t *testing.T) {
			err := decision.Check(c.answer, c.method)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
	if err := decision.Check(try(&redirectv1.TryTargets{Targets: targets(64)}), "INVITE"); err != nil {
		t.Errorf("64 targets: %v", err)
	}
	if err := decision.Check(reject(408, "Late"), "INVITE"); err != nil {
		t.Errorf("408 to INVITE: %v", err)
	}
}

// answers is a policy that always gives the same answer.
func answers(d *responseT) policy.Policy {
	return policy.Func(func(context.Context, *requestT) (*responseT, error) { return d, nil })
}

// TestBadTargetsAreRefusedOneByOne has a policy that names everything it must
// not, and one good target at the end.
func TestBadTargetsAreRefusedOneByOne(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	decision := &redirectv1.TryTargets{}
	ready := make(chan *redirectv1.TryTargets, 1)
	e := startEdge(t, withPolicy(policy.Func(func(contextT, *requestT) (*responseT, error) {
		return &responseT{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: <-ready}}, nil
	})))
	for _, uri := range []string{
		server.URI("bob"), // tried already
		strings.Replace(server.URI("bob"), "sip:", "SIP:", 1), // the same
		"tel:+15551234",
		"mailto:bob@example.com",
		"sip:bob@" + e.udp.String(), // the edge itself
		"nonsense",
		"sip:bob@127.0.0.1:99999",
		"sips:bob@127.0.0.1:5061", // no TLS here
		target.URI("bob"),
	} {
		decision.Targets = append(decision.Targets, &redirectv1.Target{Uri: uri})
	}
	ready <- decision
	call := caller.Invite(e.udp, server.URI("bob"))
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	server.Expect("ACK ")
	target.Respond(target.Expect("INVITE "), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	for _, reason := range []string{"tried", "uri", "own_address", "transport"} {
		e.log.find(t, "target refused", "reason="+reason)
	}
	server.Silent(20 * time.Millisecond)
}

// TestEdgeLimitsHoldAgainstAPolicy ends a call whose policy would go on for ever.
func TestEdgeLimitsHoldAgainstAPolicy(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	var n atomic.Int32
	p := policy.Func(func(context.Context, *requestT) (*responseT, error) {
		return &responseT{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
			Targets:          []*redirectv1.Target{{Uri: server.URI(fmt.Sprintf("n%d", n.Add(1)))}},
			ConsultOnFailure: true,
		}}}, nil
	})
	e := startEdge(t, withPolicy(p), nextHop(server.URI("")), func(o *Options) { o.Config.Limits.Attempts = 5 })
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <sip:x@127.0.0.1:9>")
	server.Expect("ACK ")
	for range 4 {
		server.Respond(server.Expect("INVITE "), 486, "Busy Here")
		server.Expect("ACK ")
	}
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
	server.Silent(20 * time.Millisecond)
}

// TestNestingIsLimited ends a chain of redirects.
func TestNestingIsLimited(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), func(o *Options) { o.Config.Limits.Nesting = 3 })
	call := caller.Invite(e.udp, "sip:bob@example.com")
	for i := range 4 {
		server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+server.URI(fmt.Sprintf("n%d", i))+">")
		server.Expect("ACK ")
	}
	call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
	server.Silent(20 * time.Millisecond)
}

// TestAnswerTimeoutWaitsForTheBranch cancels a target that rings too long, and
// tries the next one only when it has ended.
func TestAnswerTimeoutWaitsForTheBranch(t *testing.T) {
	t.Parallel()
	caller, server, slow, quick := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	p := answers(&responseT{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
		Targets: []*redirectv1.Target{
			{Uri: slow.URI("a"), AnswerTimeout: durationpb.New(time.Second)}, {Uri: quick.URI("b")},
		},
	}}})
	e := startEdge(t, withPolicy(p), nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <sip:x@127.0.0.1:9>")
	server.Expect("ACK ")
	invite := slow.Expect("INVITE ")
	slow.Respond(invite, 180, "Ringing")
	cancel := slow.Expect("CANCEL ")
	quick.Silent(50 * time.Millisecond)
	slow.Respond(cancel, 200, "OK")
	slow.Respond(invite, 487, "Request Terminated")
	slow.Expect("ACK ")
	quick.Respond(quick.Expect("INVITE "), 200, "OK")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Ack(caller.Expect("SIP/2.0 200"))
}

// TestSilentTargetTimesOut goes on to the next contact after Timer B.
func TestSilentTargetTimesOut(t *testing.T) {
	t.Parallel()
	caller, server, silent, next := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), func(o *Options) {
		o.Config.Timers.T1, o.Config.Timers.T2, o.Config.Timers.T4 = 10*time.Millisecond, 40*time.Millisecond, 50*time.Millisecond
	})
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+silent.URI("a")+">, <"+next.URI("b")+">;q=0.5")
	server.Expect("ACK ")
	for range 5 { // 0, 10, 30, 70, 150 and 310 ms, each up to a tick late; Timer B after 640 ms
		silent.Expect("INVITE ")
	}
	next.Respond(next.Expect("INVITE "), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
}
