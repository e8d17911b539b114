package edge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/linelog"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// recordLines are the lines that a writer of call records writes, each one checked
// against the published schema.
type recordLines struct {
	t      *testing.T
	schema *jsonschema.Schema
	lines  chan []byte
}

func (r *recordLines) Write(b []byte) (int, error) {
	for line := range bytes.Lines(b) {
		r.lines <- bytes.Clone(line)
	}
	return len(b), nil
}

// withRecords has the edge write call records to lines.
func withRecords(t *testing.T, cfg callrecord.Config) (*recordLines, func(*Options)) {
	t.Helper()
	data, err := os.ReadFile("../../docs/schema/call-record.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("record", doc); err != nil {
		t.Fatal(err)
	}
	r := &recordLines{t: t, lines: make(chan []byte, 100)}
	if r.schema, err = compiler.Compile("record"); err != nil {
		t.Fatal(err)
	}
	cfg.File = linelog.Stdout
	w, err := callrecord.Open(cfg, callrecord.Options{Stdout: r})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close(t.Context()) })
	return r, func(o *Options) { o.Records = w }
}

// next waits for a line.
func (r *recordLines) next(into any) string {
	r.t.Helper()
	select {
	case line := <-r.lines:
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err == nil {
			err = r.schema.Validate(value)
		}
		if err != nil {
			r.t.Errorf("%v\n%s", err, line)
		}
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(into); err != nil {
			r.t.Fatalf("%v\n%s", err, line)
		}
		return string(line)
	case <-time.After(5 * time.Second):
		r.t.Fatal("no record within 5 s")
	}
	return ""
}

func (r *recordLines) none() {
	r.t.Helper()
	select {
	case line := <-r.lines:
		r.t.Errorf("a record too many: %s", line)
	case <-time.After(50 * time.Millisecond):
	}
}

// stage is a call with everybody that it may meet. a, b and c are targets.
type stage struct {
	t                      *testing.T
	e                      *running
	caller, server         *siptest.Peer
	a, b, c                *siptest.Peer
	records                *recordLines
	spans                  *tracetest.SpanRecorder
	call                   *siptest.Call
	names                  *strings.Replacer // addresses of the peers to their names
	policyAsked, letPolicy chan struct{}
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{
		t: t, caller: siptest.UDP(t), server: siptest.UDP(t), a: siptest.UDP(t), b: siptest.UDP(t), c: siptest.UDP(t),
		policyAsked: make(chan struct{}, 10), letPolicy: make(chan struct{}, 10),
	}
	s.names = strings.NewReplacer(s.caller.Addr().String(), "caller", s.server.Addr().String(), "server",
		s.a.Addr().String(), "a", s.b.Addr().String(), "b", s.c.Addr().String(), "c")
	return s
}

// invite starts the edge, and calls.
func (s *stage) invite(change ...func(*Options)) {
	s.t.Helper()
	records, with := withRecords(s.t, callrecord.Config{})
	s.records, s.spans = records, tracetest.NewSpanRecorder()
	s.e = startEdge(s.t, append([]func(*Options){nextHop(s.server.URI("")), with, withSpans(s.spans)}, change...)...)
	s.call = s.caller.Invite(s.e.udp, "sip:bob@example.com")
}

// redirect has a peer answer with a 302 to contacts.
func redirectBy(p *siptest.Peer, contacts ...string) {
	p.Respond(p.ExpectSkipping100("INVITE "), 302, "Moved Temporarily", "Contact: "+strings.Join(contacts, ", "))
	p.ExpectSkipping100("ACK ")
}

// says has a peer answer, and returns the INVITE.
func says(p *siptest.Peer, status int, reason string) *siptest.Msg {
	m := p.Expect("INVITE ")
	p.Respond(m, status, reason)
	if status >= 300 {
		p.Expect("ACK ")
	}
	return m
}

func contact(p *siptest.Peer, user string) string { return "<" + p.URI(user) + ">" }

// ends takes the final response that the caller gets.
func (s *stage) ends(status int) *siptest.Msg {
	s.t.Helper()
	final := s.caller.ExpectSkipping100(fmt.Sprintf("SIP/2.0 %d ", status))
	s.call.Ack(final)
	return final
}

// digest is a record in short.
func (s *stage) digest(r *callrecord.Call) string {
	var b strings.Builder
	for _, x := range r.Redirects {
		fmt.Fprintf(&b, "%d at %d", x.Status, x.Attempt)
		if x.NotAsked != "" {
			fmt.Fprintf(&b, " not asked: %s", x.NotAsked)
		}
		for _, c := range x.Contacts {
			fmt.Fprintf(&b, "; %d %s %s %v", c.N, c.Verdict, c.Outcome, c.Attempts)
		}
		b.WriteByte('\n')
	}
	for _, d := range r.Decisions {
		fmt.Fprintln(&b, strings.Join(strings.Fields(fmt.Sprintf("%s at %d by %s: %s %s %s", d.Event, d.Attempt, d.Asked, d.NoDecision, d.Fallback, d.Action)), " "))
	}
	for _, a := range r.Attempts {
		fmt.Fprintf(&b, "%d to %s: %s", a.N, a.Address, a.Outcome)
		if a.Status > 0 {
			fmt.Fprintf(&b, " %d %s", a.Status, a.Reason)
		}
		if a.Late != nil {
			fmt.Fprintf(&b, ", late %d %s", a.Late.Status, a.Late.Reason)
		}
		b.WriteByte('\n')
	}
	from := "the edge"
	if r.Final.Attempt != nil {
		from = fmt.Sprint(*r.Final.Attempt)
	}
	if r.Cancelled {
		b.WriteString("cancelled\n")
	}
	fmt.Fprintf(&b, "%s %d %s from %s: %s", r.Final.Result, r.Final.Status, r.Final.Reason, from, r.Final.Why)
	return s.names.Replace(b.String())
}

// TestCallRecords plays calls, and compares the record of each with what its
// caller saw.
func TestCallRecords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		play func(s *stage) *siptest.Msg // the final response that the caller got, nil for none
		want string
	}{
		"302": {func(s *stage) *siptest.Msg {
			s.invite()
			redirectBy(s.server, contact(s.a, "x"))
			s.a.Respond(s.a.Expect("INVITE "), 200, "Fine")
			return s.ends(200)
		}, `
302 at 0; 0 taken tried [1]
redirect at 0 by embedded: try_targets
0 to server: response 302 Moved Temporarily
1 to a: response 200 Fine
sent 200 Fine from 1: target answered`},

		"one of several": {func(s *stage) *siptest.Msg {
			s.invite()
			redirectBy(s.server, contact(s.c, "z")+";q=0.1", contact(s.a, "x")+";q=0.9", "<tel:+1>", contact(s.b, "y")+";q=0.5")
			says(s.a, 486, "Busy Here")
			says(s.b, 200, "OK")
			return s.ends(200)
		}, `
302 at 0; 0 taken not_tried []; 1 taken tried [1]; 2 dropped not_tried []; 3 taken tried [2]
redirect at 0 by embedded: try_targets
0 to server: response 302 Moved Temporarily
1 to a: response 486 Busy Here
2 to b: response 200 OK
sent 200 OK from 2: target answered`},

		"the best of several": {func(s *stage) *siptest.Msg {
			s.invite()
			redirectBy(s.server, contact(s.a, "x"), contact(s.b, "y"))
			says(s.a, 404, "Nobody")
			says(s.b, 500, "Oops")
			return s.ends(404)
		}, `
302 at 0; 0 taken tried [1]; 1 taken tried [2]
redirect at 0 by embedded: try_targets
0 to server: response 302 Moved Temporarily
1 to a: response 404 Nobody
2 to b: response 500 Oops
sent 404 Nobody from 1: no target is left`},

		"nested": {func(s *stage) *siptest.Msg {
			s.invite()
			redirectBy(s.server, contact(s.a, "x"), contact(s.b, "y"))
			redirectBy(s.a, contact(s.c, "z"), contact(s.b, "y"))
			says(s.c, 486, "Busy Here")
			says(s.b, 603, "Decline")
			return s.ends(603)
		}, `
302 at 0; 0 taken tried [1]; 1 taken not_tried []
302 at 1; 0 taken tried [2]; 1 taken tried [3]
redirect at 0 by embedded: try_targets
redirect at 1 by embedded: try_targets
0 to server: response 302 Moved Temporarily
1 to a: response 302 Moved Temporarily
2 to c: response 486 Busy Here
3 to b: response 603 Decline
sent 603 Decline from 3: 6xx ends the search`},

		"nested too deep": {func(s *stage) *siptest.Msg {
			s.invite(func(o *Options) { o.Config.Limits.Nesting = 1 })
			redirectBy(s.server, contact(s.a, "x"))
			redirectBy(s.a, contact(s.b, "y"))
			return s.ends(480)
		}, `
302 at 0; 0 taken tried [1]
302 at 1 not asked: nesting; 0 unknown not_tried []
redirect at 0 by embedded: try_targets
0 to server: response 302 Moved Temporarily
1 to a: response 302 Moved Temporarily
sent 480 Temporarily Unavailable from the edge: no target is left`},

		"of a target, and not followed": {func(s *stage) *siptest.Msg {
			s.invite(trunks(Trunk{Name: "t", From: from("127.0.0.0/8"), NextHop: []string{s.server.URI("")}, RecurseFrom: RecurseFromNextHop}))
			redirectBy(s.server, contact(s.a, "x"))
			redirectBy(s.a, contact(s.b, "y"))
			return s.ends(480)
		}, `
302 at 0; 0 taken tried [1]
302 at 1 not asked: recurse_from; 0 unknown not_tried []
redirect at 0 by embedded: try_targets
0 to server: response 302 Moved Temporarily
1 to a: response 302 Moved Temporarily
sent 480 Temporarily Unavailable from the edge: no target is left`},

		"rejected": {func(s *stage) *siptest.Msg {
			s.invite(withPolicy(answers(&responseT{Action: &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{Status: 404, ReasonPhrase: "No such luck"}}})))
			redirectBy(s.server, contact(s.a, "x"))
			return s.ends(404)
		}, `
302 at 0; 0 unknown not_tried []
redirect at 0 by remote: reject
0 to server: response 302 Moved Temporarily
sent 404 No such luck from the edge: rejected by the policy`},

		"passed through": {func(s *stage) *siptest.Msg {
			s.invite(withPolicy(answers(&responseT{Action: &redirectv1.DecideResponse_PassThrough{PassThrough: &redirectv1.PassThrough{}}})))
			redirectBy(s.server, contact(s.a, "x"))
			return s.ends(302)
		}, `
302 at 0; 0 unknown not_tried []
redirect at 0 by remote: pass_through
0 to server: response 302 Moved Temporarily
sent 302 Moved Temporarily from 0: passed through by the policy`},

		"no decision, map": {func(s *stage) *siptest.Msg {
			s.invite(withPolicy(failing), onUnavailable(Map))
			redirectBy(s.server, contact(s.a, "x"))
			return s.ends(480)
		}, `
302 at 0; 0 unknown not_tried []
redirect at 0 by remote: error map
0 to server: response 302 Moved Temporarily
sent 480 Temporarily Unavailable from the edge: no decision of the policy`},

		"no decision, embedded": {func(s *stage) *siptest.Msg {
			s.invite(withPolicy(failing), onUnavailable(Embedded))
			redirectBy(s.server, contact(s.a, "x"))
			says(s.a, 200, "OK")
			return s.ends(200)
		}, `
302 at 0; 0 taken tried [1]
redirect at 0 by remote: error embedded try_targets
0 to server: response 302 Moved Temporarily
1 to a: response 200 OK
sent 200 OK from 1: target answered`},

		"no decision, pass_through": {func(s *stage) *siptest.Msg {
			s.invite(withPolicy(failing), onUnavailable(PassThrough))
			redirectBy(s.server, contact(s.a, "x"))
			return s.ends(302)
		}, `
302 at 0; 0 unknown not_tried []
redirect at 0 by remote: error pass_through
0 to server: response 302 Moved Temporarily
sent 302 Moved Temporarily from 0: passed through by the policy`},

		"no decision about a failure": {func(s *stage) *siptest.Msg {
			asked := 0
			s.invite(withPolicy(policy.Func(func(contextT, *requestT) (*responseT, error) {
				if asked++; asked > 1 {
					return &responseT{}, nil
				}
				return &responseT{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
					ConsultOnFailure: true, Targets: []*redirectv1.Target{{Uri: s.a.URI("x")}, {Uri: s.b.URI("elsewhere")}},
				}}}, nil
			})))
			redirectBy(s.server, contact(s.a, "x"))
			says(s.a, 486, "Busy Here")
			says(s.b, 200, "OK")
			return s.ends(200)
		}, `
302 at 0; 0 unknown tried [1]
redirect at 0 by remote: try_targets
failure at 1 by remote: invalid advance
0 to server: response 302 Moved Temporarily
1 to a: response 486 Busy Here
2 to b: response 200 OK
sent 200 OK from 2: target answered`},

		"a redirect server without advice": {func(s *stage) *siptest.Msg {
			s.invite(redirectServer(s.server, s.c.URI("")))
			says(s.server, 404, "No Route")
			says(s.c, 200, "OK")
			return s.ends(200)
		}, `
advice at 0 by embedded: try_targets
0 to server: response 404 No Route
1 to c: response 200 OK
sent 200 OK from 1: target answered`},

		"refused by the edge": {func(s *stage) *siptest.Msg {
			s.invite()
			redirectBy(s.server, "<sip:x@"+s.e.udp.String()+">")
			return s.ends(480)
		}, `
302 at 0; 0 taken refused [1]
redirect at 0 by embedded: try_targets
0 to server: response 302 Moved Temporarily
1 to : refused
sent 480 Temporarily Unavailable from the edge: no target is left`},

		"a 503 turned 500": {func(s *stage) *siptest.Msg {
			s.invite()
			redirectBy(s.server, contact(s.a, "x"))
			says(s.a, 503, "Full")
			return s.ends(500)
		}, `
302 at 0; 0 taken tried [1]
redirect at 0 by embedded: try_targets
0 to server: response 302 Moved Temporarily
1 to a: response 503 Full
sent 500 Server Internal Error from the edge: no target is left, and a 503 becomes a 500`},

		"cancelled": {func(s *stage) *siptest.Msg {
			s.invite()
			redirectBy(s.server, contact(s.a, "x"), contact(s.b, "y"))
			invite := says(s.a, 180, "Ringing")
			s.caller.ExpectSkipping100("SIP/2.0 180")
			s.call.Cancel()
			s.caller.Expect("SIP/2.0 200")
			s.a.Respond(s.a.Expect("CANCEL "), 200, "OK")
			s.a.Respond(invite, 487, "Gone")
			s.a.Expect("ACK ")
			return s.ends(487)
		}, `
302 at 0; 0 taken tried [1]; 1 taken not_tried []
redirect at 0 by embedded: try_targets
0 to server: response 302 Moved Temporarily
1 to a: response 487 Gone
cancelled
sent 487 Gone from 1: cancelled by the caller`},

		"cancelled, and a 3xx": {func(s *stage) *siptest.Msg {
			s.invite()
			redirectBy(s.server, contact(s.a, "x"))
			invite := says(s.a, 180, "Ringing")
			s.caller.ExpectSkipping100("SIP/2.0 180")
			s.call.Cancel()
			s.caller.Expect("SIP/2.0 200")
			s.a.Respond(s.a.Expect("CANCEL "), 200, "OK")
			s.a.Respond(invite, 301, "Moved", "Contact: "+contact(s.b, "y"))
			s.a.Expect("ACK ")
			return s.ends(487)
		}, `
302 at 0; 0 taken tried [1]
301 at 1 not asked: over; 0 unknown not_tried []
redirect at 0 by embedded: try_targets
0 to server: response 302 Moved Temporarily
1 to a: response 301 Moved
cancelled
sent 487 Request Terminated from the edge: cancelled by the caller`},

		"a CANCEL that crosses a 200": {func(s *stage) *siptest.Msg {
			s.invite()
			redirectBy(s.server, contact(s.a, "x"))
			invite := says(s.a, 180, "Ringing")
			s.caller.ExpectSkipping100("SIP/2.0 180")
			s.call.Cancel()
			s.caller.Expect("SIP/2.0 200")
			s.a.Expect("CANCEL ")
			s.a.Respond(invite, 200, "Here I am")
			return s.ends(200)
		}, `
302 at 0; 0 taken tried [1]
redirect at 0 by embedded: try_targets
0 to server: response 302 Moved Temporarily
1 to a: response 200 Here I am
cancelled
sent 200 Here I am from 1: target answered`},

		"cancelled while the policy thinks": {func(s *stage) *siptest.Msg {
			s.invite(s.slowPolicy())
			redirectBy(s.server, contact(s.a, "x"))
			<-s.policyAsked
			s.call.Cancel()
			s.caller.ExpectSkipping100("SIP/2.0 200")
			defer close(s.letPolicy)
			return s.ends(487)
		}, `
302 at 0; 0 unknown not_tried []
redirect at 0 by remote: over
0 to server: response 302 Moved Temporarily
cancelled
sent 487 Request Terminated from the edge: cancelled by the caller`},

		"a CANCEL after the end": {func(s *stage) *siptest.Msg {
			s.invite()
			redirectBy(s.server, contact(s.a, "x"))
			says(s.a, 486, "Busy Here")
			final := s.ends(486)
			s.call.Cancel()
			s.caller.Expect("SIP/2.0 200")
			return final
		}, `
302 at 0; 0 taken tried [1]
redirect at 0 by embedded: try_targets
0 to server: response 302 Moved Temporarily
1 to a: response 486 Busy Here
sent 486 Busy Here from 1: no target is left`},

		"answers and ACKs that come again": {func(s *stage) *siptest.Msg {
			s.invite()
			redirectBy(s.server, contact(s.a, "x"))
			invite := says(s.a, 200, "OK")
			final := s.ends(200)
			s.a.Expect("ACK ")
			s.a.Respond(invite, 200, "OK")
			s.call.Ack(s.caller.Expect("SIP/2.0 200"))
			s.a.Expect("ACK ")
			return final
		}, `
302 at 0; 0 taken tried [1]
redirect at 0 by embedded: try_targets
0 to server: response 302 Moved Temporarily
1 to a: response 200 OK
sent 200 OK from 1: target answered`},

		"a target that was given up answers first": {func(s *stage) *siptest.Msg {
			s.invite(withPolicy(tries(hurried(s.a), &redirectv1.Target{Uri: s.b.URI("y")})))
			redirectBy(s.server, contact(s.a, "x"))
			late, next := s.a.Expect("INVITE "), says(s.b, 180, "Ringing")
			s.caller.ExpectSkipping100("SIP/2.0 180")
			s.a.Respond(late, 200, "Sorry, I was away")
			final := s.ends(200)
			s.b.Respond(s.b.Expect("CANCEL "), 200, "OK")
			s.b.Respond(next, 487, "Gone")
			s.b.Expect("ACK ")
			return final
		}, `
302 at 0; 0 unknown tried [1]
redirect at 0 by remote: try_targets
0 to server: response 302 Moved Temporarily
1 to a: response_timeout, late 200 Sorry, I was away
2 to b: pending
sent 200 Sorry, I was away from 1: target answered`},

		"a target that was given up says what is best": {func(s *stage) *siptest.Msg {
			s.invite(withPolicy(tries(hurried(s.a), &redirectv1.Target{Uri: s.b.URI("y")})))
			redirectBy(s.server, contact(s.a, "x"))
			late, next := s.a.Expect("INVITE "), s.b.Expect("INVITE ")
			s.a.Respond(late, 486, "Busy Here")
			s.a.Expect("ACK ")
			s.b.Respond(next, 502, "Bad Gateway")
			s.b.Expect("ACK ")
			return s.ends(486)
		}, `
302 at 0; 0 unknown tried [1]
redirect at 0 by remote: try_targets
0 to server: response 302 Moved Temporarily
1 to a: response_timeout, late 486 Busy Here
2 to b: response 502 Bad Gateway
sent 486 Busy Here from 1: no target is left`},

		"the edge stops": {func(s *stage) *siptest.Msg {
			s.invite()
			redirectBy(s.server, contact(s.a, "x"))
			says(s.a, 180, "Ringing")
			s.caller.ExpectSkipping100("SIP/2.0 180")
			s.e.Close()
			return nil
		}, `
302 at 0; 0 taken tried [1]
redirect at 0 by embedded: try_targets
0 to server: response 302 Moved Temporarily
1 to a: pending
none 0  from the edge: the edge stopped`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			final := c.play(s)
			var record callrecord.Call
			line := s.records.next(&record)
			if got := s.digest(&record); got != strings.TrimPrefix(c.want, "\n") {
				t.Errorf("the record says\n%s\nwant%s\n%s", got, c.want, line)
			}
			if record.Call.CallID != s.call.CallID || record.Call.FromTag != s.call.FromTag || record.Call.Source != s.caller.Addr().String() {
				t.Errorf("it is of another call: %+v", record.Call)
			}
			saw := ""
			if final != nil {
				saw = final.StartLine()
			}
			if said := wireLine(&record.Final); said != saw {
				t.Errorf("the caller saw %q, the record says %q", saw, said)
			}
			checkTrace(t, s.spans, &record)
			s.records.none()
		})
	}
}

// wireLine is the status line that a record says went upstream.
func wireLine(f *callrecord.Final) string {
	if f.Result != callrecord.ResultSent {
		return ""
	}
	return fmt.Sprintf("SIP/2.0 %d %s", f.Status, f.Reason)
}

var failing = policy.Func(func(contextT, *requestT) (*responseT, error) { return nil, errors.New("down") })

func onUnavailable(on OnUnavailable) func(*Options) {
	return func(o *Options) { o.Config.Policy.OnUnavailable = on }
}

// hurried is a target that has 100 ms to say anything.
func hurried(p *siptest.Peer) *redirectv1.Target {
	return &redirectv1.Target{Uri: p.URI("x"), ResponseTimeout: durationpb.New(100 * time.Millisecond)}
}

// slowPolicy decides as the embedded one, when it is let.
func (s *stage) slowPolicy() func(*Options) {
	return func(o *Options) {
		o.Config.Policy.Timeout = 5 * time.Second
		builtin := o.Embedded
		o.Policy = policy.Func(func(ctx contextT, req *requestT) (*responseT, error) {
			s.policyAsked <- struct{}{}
			<-s.letPolicy
			return builtin.Decide(ctx, req)
		})
	}
}

// TestLateRecord: a 2xx that goes upstream after the final response has a line of
// its own, once.
func TestLateRecord(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.invite(withPolicy(tries(hurried(s.a), &redirectv1.Target{Uri: s.b.URI("y")})))
	redirectBy(s.server, contact(s.a, "x"))
	late, next := s.a.Expect("INVITE "), s.b.Expect("INVITE ")
	s.b.Respond(next, 200, "OK")
	s.ends(200)
	s.b.Expect("ACK ")
	var record callrecord.Call
	s.records.next(&record)
	for range 2 { // the second one is a retransmission
		s.a.Respond(late, 200, "Me too")
		ok := s.caller.Expect("SIP/2.0 200 Me too")
		s.call.Ack(ok)
		s.a.Expect("ACK ")
	}
	var line callrecord.Late
	s.records.next(&line)
	want := callrecord.Late{
		Kind: callrecord.KindLate, Schema: 1, ID: record.ID, Time: line.Time, CallID: s.call.CallID,
		Attempt: 1, Address: s.a.Addr().String(), Status: 200, Reason: "Me too", Result: callrecord.ResultSent,
	}
	if line != want {
		t.Errorf("got %+v\nwant %+v", line, want)
	}
	if line.Time <= record.Time || record.Attempts[1].Outcome != callrecord.OutcomeResponseTimeout {
		t.Errorf("it is of %s, the call ended at %s: %+v", line.Time, record.Time, record.Attempts[1])
	}
	s.records.none()
}

// TestRecordOfNoRedirect: a call that was not redirected has no record, nor has a
// 3xx that is none of the edge's business.
func TestRecordOfNoRedirect(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.invite()
	says(s.server, 486, "Busy Here")
	s.ends(486)
	call := s.caller.Invite(s.e.udp, "sip:bob@example.com", siptest.Header("Request-Disposition", "no-recurse"))
	redirectBy(s.server, contact(s.a, "x"))
	call.Ack(s.caller.ExpectSkipping100("SIP/2.0 302"))
	call = s.caller.Invite(s.e.udp, "sip:bob@example.com")
	m := s.server.Expect("INVITE ")
	call.Cancel()
	s.caller.ExpectSkipping100("SIP/2.0 200")
	s.server.Respond(m, 302, "Moved", "Contact: "+contact(s.a, "x"))
	s.server.Expect("ACK ")
	call.Ack(s.caller.Expect("SIP/2.0 487"))
	s.records.none()
}

// TestRecordOfAMutedRequest: nothing went upstream, and the record says so.
func TestRecordOfAMutedRequest(t *testing.T) {
	t.Parallel()
	s, c := newStage(t), &clock{}
	records, with := withRecords(t, callrecord.Config{})
	e := startEdge(t, nextHop(s.server.URI("")), with, withClock(c))
	s.caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	s.server.Respond(s.server.Expect("MESSAGE "), 302, "Moved", "Contact: "+contact(s.a, "x"))
	m := s.a.Expect("MESSAGE ")
	s.a.Respond(m, 100, "Trying")
	c.forward(33 * time.Second)
	var record callrecord.Call
	records.next(&record)
	if f := record.Final; f.Result != callrecord.ResultNone || f.Status != 0 || f.Attempt != nil || f.DurationMS < 32000 {
		t.Errorf("%+v", f)
	}
	if got := record.Attempts[1].Outcome; got != callrecord.OutcomeResponseTimeout {
		t.Errorf("the target's outcome is %s", got)
	}
	if m, ok := s.caller.ReceiveWithin(50 * time.Millisecond); ok && m.Status() != 100 {
		t.Errorf("the caller got %s", m.StartLine())
	}
}

// TestRecordOfACallerThatIsGone: its connection is gone, and the record does not
// say that the answer was sent.
func TestRecordOfACallerThatIsGone(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.caller = siptest.TCP(t)
	records, with := withRecords(t, callrecord.Config{})
	e := startEdge(t, nextHop(s.server.URI("")), with)
	s.caller.Invite(e.tcp, "sip:bob@example.com")
	s.caller.Expect("SIP/2.0 100")
	s.caller.Disconnect(e.tcp)
	eventually(t, "the edge sees that the connection is gone", func() bool {
		alive := true
		e.table.Each(func(rc *responseContext) { alive = rc.upstream.Alive() })
		return !alive
	})
	redirectBy(s.server, contact(s.a, "x"))
	says(s.a, 486, "Busy Here")
	var record callrecord.Call
	records.next(&record)
	if record.Final.Result != callrecord.ResultReconnecting || record.Final.Status != 486 || record.Call.Transport != callrecord.TransportTCP {
		t.Errorf("%+v, over %s", record.Final, record.Call.Transport)
	}
	s.caller.Expect("SIP/2.0 486")
}

// TestRecordDetails: times, texts, the policy's reasons, and bytes that are no
// UTF-8.
func TestRecordDetails(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	records, with := withRecords(t, callrecord.Config{})
	e := startEdge(t, with, trunks(Trunk{Name: "carrier", From: from("127.0.0.0/8"), NextHop: []string{s.server.URI("")}, Profile: "default"}), func(o *Options) {
		o.Config.Instance, o.Config.Zone, o.Version = "edge1", "z", "9.9"
	})
	before := callrecord.At(time.Now())
	call := s.caller.Invite(e.udp, "sip:b\xffb@example.com", siptest.Variant(func(m string) string {
		return strings.Replace(m, `From: "Caller, A."`, "From: \"\xfe\"", 1)
	}))
	s.server.Respond(s.server.Expect("INVITE "), 300, "Ch\xf6ose", "Contact: \"A\xff\" <sip:a\xff@"+s.a.Addr().String()+">;q=0.7;expires=9", "Contact: <sip:>", "Contact: <tel:+1>;q=0.5")
	s.server.Expect("ACK ")
	m := s.a.Expect("INVITE ")
	s.a.Respond(m, 180, "Ringing")
	s.a.Respond(m, 200, "Gr\xfc\xdf")
	s.caller.ExpectSkipping100("SIP/2.0 180")
	call.Ack(s.caller.Expect("SIP/2.0 200"))
	var r callrecord.Call
	line := records.next(&r)
	after := callrecord.At(time.Now())
	times := []callrecord.Time{before, r.Call.ReceivedAt, r.Attempts[0].StartedAt, r.Decisions[0].AskedAt, r.Attempts[1].StartedAt, r.Final.At, after}
	for i := range times[1:] {
		if times[i] > times[i+1] || !regexp.MustCompile(`^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$`).MatchString(string(times[i])) {
			t.Errorf("times are not in order: %q", times)
		}
	}
	if *r.Attempts[1].DurationMS <= 0 || r.Final.DurationMS < *r.Attempts[1].DurationMS {
		t.Errorf("the call took %v ms, its second attempt %v ms", r.Final.DurationMS, *r.Attempts[1].DurationMS)
	}
	if !strings.HasPrefix(r.Decisions[0].RequestID, r.ID+".") {
		t.Errorf("the question %s is not of %s", r.Decisions[0].RequestID, r.ID)
	}
	for what, got := range map[string][2]string{
		"edge":      {fmt.Sprint(r.Edge), "{edge1 z 9.9}"},
		"trunk":     {r.Trunk + " " + r.Profile, "carrier default"},
		"call":      {r.Call.Method + " " + r.Call.RequestURI + " " + string(r.Call.Transport), "INVITE sip:b%FFb@example.com udp"},
		"from, to":  {r.Call.From + " " + r.Call.To, s.caller.URI("caller") + " sip:b%FFb@example.com"},
		"redirect":  {r.Redirects[0].Reason, "Ch\uFFFDose"},
		"contact 0": {fmt.Sprint(*r.Redirects[0].Contacts[0].Q) + " " + r.Redirects[0].Contacts[0].URI, "700 sip:a%FF@" + s.a.Addr().String()},
		"contact 1": {r.Redirects[0].Contacts[1].URI, "<sip:>"},
		"contact 2": {r.Redirects[0].Contacts[2].Rule, "scheme"},
		"target":    {fmt.Sprint(*r.Attempts[1].Contact, r.Attempts[1].Provisional, r.Attempts[1].Rang), "{0 0} 180 true"},
		"next hop":  {r.Attempts[0].NextHop + " " + r.Attempts[0].Trunk, s.server.URI("") + " carrier"},
		"reason":    {r.Final.Reason, "Gr\uFFFD\uFFFD"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %s, want %s\n%s", what, got[0], got[1], line)
		}
	}
	d, c := r.Decisions[0], r.Redirects[0].Contacts
	if d.Rule == "" || d.Text == "" || d.ConfigRevision == "" || d.PolicyVersion == "" || d.Targets != 1 || c[0].Text == "" || c[1].Unreadable == "" {
		t.Errorf("reasons are missing: %+v, %+v", d, c)
	}
}

// TestRecordsRedacted: with redact: users nobody is left in a record.
func TestRecordsRedacted(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	records, with := withRecords(t, callrecord.Config{Redact: callrecord.RedactUsers})
	e := startEdge(t, nextHop(s.server.URI("")), with)
	call := s.caller.Invite(e.udp, "sip:+15551234567@example.com")
	s.server.Respond(s.server.Expect("INVITE "), 302, "Moved", "Contact: "+contact(s.a, "alice-private")+", <tel:+15557654321>")
	s.server.Expect("ACK ")
	s.a.Respond(s.a.Expect("INVITE "+s.a.URI("alice-private")), 486, "Busy Here")
	s.a.Expect("ACK ")
	call.Ack(s.caller.ExpectSkipping100("SIP/2.0 486"))
	var r callrecord.Call
	line := records.next(&r)
	for _, personal := range []string{"5551234567", "alice", "5557654321", s.caller.URI("caller")} {
		if strings.Contains(line, personal) {
			t.Errorf("%s is in %s", personal, line)
		}
	}
	if r.Call.RequestURI != "sip:***@example.com" || r.Attempts[1].URI != "sip:***@"+s.a.Addr().String() {
		t.Errorf("too much is masked: %s", line)
	}
}
