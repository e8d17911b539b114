package edge

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/policy"
)

// withSpans has a recorder take every span of the edge.
func withSpans(r *tracetest.SpanRecorder) func(*Options) {
	return func(o *Options) {
		o.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r)).Tracer("test")
	}
}

// ended waits until the span of a call has ended, and returns it and those below
// it, which must have ended too.
func ended(t *testing.T, r *tracetest.SpanRecorder) (call sdktrace.ReadOnlySpan, below map[string][]sdktrace.ReadOnlySpan) {
	t.Helper()
	below = make(map[string][]sdktrace.ReadOnlySpan)
	eventually(t, "the span of the call ends", func() bool {
		for _, s := range r.Ended() {
			if s.Name() == "redirected call" {
				call = s
			}
		}
		return call != nil
	})
	if n, m := len(r.Started()), len(r.Ended()); n != m {
		t.Errorf("%d spans began, %d ended", n, m)
	}
	for _, s := range r.Ended() {
		if s == call {
			continue
		}
		below[s.Name()] = append(below[s.Name()], s)
		if s.Parent().SpanID() != call.SpanContext().SpanID() || s.SpanContext().TraceID() != call.SpanContext().TraceID() {
			t.Errorf("%s is not below the call", s.Name())
		}
		if s.EndTime().Before(s.StartTime()) {
			t.Errorf("%s ends before it begins", s.Name())
		}
	}
	return call, below
}

// value is an attribute as a text, "" if there is none.
func value(attributes []attribute.KeyValue, key string) string {
	for _, a := range attributes {
		if string(a.Key) == key {
			return a.Value.String()
		}
	}
	return ""
}

func values(s sdktrace.ReadOnlySpan, keys ...string) string {
	var all []string
	for _, k := range keys {
		if v := value(s.Attributes(), k); v != "" {
			all = append(all, v)
		}
	}
	return strings.Join(all, " ")
}

func words(texts ...any) string {
	return strings.Join(strings.Fields(strings.TrimSpace(fmt.Sprintln(texts...))), " ")
}

// checkTrace: a trace says of a call what its record says.
func checkTrace(t *testing.T, r *tracetest.SpanRecorder, record *callrecord.Call) {
	t.Helper()
	call, below := ended(t, r)
	status := ""
	if record.Final.Status > 0 {
		status = fmt.Sprint(record.Final.Status)
	}
	want := words(record.ID, record.Call.CallID, status, record.Final.Reason, string(record.Final.Result), record.Final.Why)
	if got := values(call, "sipedge.record_id", "sip.call_id", "sip.status_code", "sip.reason", "sipedge.result", "sipedge.why"); got != want {
		t.Errorf("the span of the call says\n%s\nthe record\n%s", got, want)
	}
	if cancelled := value(call.Attributes(), "sip.cancelled") == "true"; cancelled != record.Cancelled {
		t.Errorf("cancelled: %v, the record says %v", cancelled, record.Cancelled)
	}
	if failed := call.Status().Code == codes.Error; failed != (status == "" || status[0] == '5') {
		t.Errorf("failed: %v with a final response %q", failed, status)
	}
	var attempts, decisions []string
	for _, a := range record.Attempts {
		status := ""
		if a.Status > 0 {
			status = fmt.Sprint(a.Status)
		}
		attempts = append(attempts, words(a.N, string(a.Outcome), a.URI, status))
	}
	for _, d := range record.Decisions {
		action := string(d.Action)
		if d.NoDecision != "" {
			decisions = append(decisions, words(string(d.Event), d.Attempt, string(d.Asked), string(d.NoDecision)))
			if d.Fallback != callrecord.FallbackEmbedded {
				continue
			}
			d.Asked = callrecord.WhoEmbedded // a span of its own
		}
		decisions = append(decisions, words(string(d.Event), d.Attempt, string(d.Asked), action))
	}
	compareSpans(t, below["attempt"], attempts, "attempt.n", "attempt.outcome", "sip.request_uri", "sip.status_code")
	compareSpans(t, below["decision"], decisions, "decision.event", "decision.attempt", "decision.asked", "decision.no_decision", "decision.action")
}

func compareSpans(t *testing.T, spans []sdktrace.ReadOnlySpan, want []string, keys ...string) {
	t.Helper()
	var got []string
	for _, s := range spans {
		got = append(got, values(s, keys...))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("spans say\n%s\nthe record\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestNoTraceOfNoRedirect: a call that is not redirected has none.
func TestNoTraceOfNoRedirect(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.invite()
	says(s.server, 486, "Busy Here")
	s.ends(486)
	s.e.Close()
	if n := len(s.spans.Started()); n > 0 {
		t.Errorf("%d spans", n)
	}
}

// hostile are the texts that a stranger and a policy may choose.
func (s *stage) playHostile(redact callrecord.Redact) {
	s.t.Helper()
	long := strings.Repeat("\xffü", 400)
	answer := policy.Func(func(_ contextT, req *requestT) (*responseT, error) {
		return &responseT{
			Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{Targets: []*redirectv1.Target{{
				Uri: s.a.URI("secret"), Routes: []string{s.a.URI("secret") + ";lr"}, Label: "for 15551230000",
				Contact: &redirectv1.ContactRef{}, ResponseTimeout: durationpb.New(20e9),
			}}}},
			Explanation: &redirectv1.Explanation{
				Rule: "numbers of 15551230000", Text: strings.Repeat("sip:secret@example.com ", 100),
				Contacts: []*redirectv1.ContactVerdict{{Contact: &redirectv1.ContactRef{}, Verdict: redirectv1.ContactVerdict_VERDICT_TAKEN, Text: "sip:secret@example.com is good"}},
			},
		}, nil
	})
	s.invite(withPolicy(answer), func(o *Options) { o.Config.Tracing.Redact = redact })
	s.server.Respond(s.server.Expect("INVITE "), 302, "Secret 15551230000", "Contact: "+contact(s.a, "secret"))
	s.server.Expect("ACK ")
	invite := s.a.Expect("INVITE ")
	s.a.Respond(invite, 486, long+" 15551230000")
	s.a.Expect("ACK ")
	s.ends(486)
}

// TestTraceIsBounded: no text in a span is longer than its limit, or no UTF-8.
func TestTraceIsBounded(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.playHostile(callrecord.RedactNone)
	call, below := ended(t, s.spans)
	seen := 0
	eachText(append(below["attempt"], append(below["decision"], call)...), func(where, text string) {
		seen++
		if len(text) > maxTraced || !utf8.ValidString(text) {
			t.Errorf("%s has %d bytes, UTF-8: %v", where, len(text), utf8.ValidString(text))
		}
	})
	reason := value(below["attempt"][1].Attributes(), "sip.reason")
	if seen < 30 || !strings.HasPrefix(reason, "\uFFFDü\uFFFD") || !strings.HasSuffix(reason, "…") {
		t.Errorf("%d texts; the reason phrase is %q", seen, reason)
	}
	if why := value(below["decision"][0].Attributes(), "decision.why"); !strings.HasPrefix(why, "sip:secret@example.com sip:secret") {
		t.Errorf("why is %q", why)
	}
}

// TestTraceRedacted: of users it says nothing then, and of all else the same.
func TestTraceRedacted(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.playHostile(callrecord.RedactUsers)
	call, below := ended(t, s.spans)
	eachText(append(below["attempt"], append(below["decision"], call)...), func(where, text string) {
		for _, user := range []string{"secret", "bob@", "caller@", "15551230000"} {
			if strings.Contains(text, user) {
				t.Errorf("%s shows %s: %q", where, user, text)
			}
		}
	})
	attempt := below["attempt"][1]
	for key, want := range map[string]string{
		"sip.request_uri": "sip:***@" + s.a.Addr().String(), "attempt.label": "for ***", "network.peer.address": "127.0.0.1", "sip.status_code": "486",
	} {
		if got := value(attempt.Attributes(), key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if got := value(call.Attributes(), "sip.call_id"); got != s.call.CallID {
		t.Errorf("the Call-ID is %q", got)
	}
}

// eachText visits every text of spans.
func eachText(spans []sdktrace.ReadOnlySpan, visit func(where, text string)) {
	for _, s := range spans {
		visit(s.Name(), s.Status().Description)
		for _, a := range s.Attributes() {
			all := []string{a.Value.String()}
			if a.Value.Type() == attribute.STRINGSLICE {
				all = a.Value.AsStringSlice()
			}
			for _, text := range all {
				visit(s.Name()+" "+string(a.Key), text)
			}
		}
		for _, e := range s.Events() {
			for _, a := range e.Attributes {
				visit(s.Name()+" "+e.Name+" "+string(a.Key), a.Value.String())
			}
		}
	}
}

// TestPolicyIsAskedWithinItsSpan: what a policy begins is of the same trace.
func TestPolicyIsAskedWithinItsSpan(t *testing.T) {
	t.Parallel()
	for name, remote := range map[string]bool{"remote": true, "embedded": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			var asked trace.SpanContext
			p := policy.Func(func(ctx contextT, req *requestT) (*responseT, error) {
				asked = trace.SpanContextFromContext(ctx)
				return policy.NewBuiltin(nil).Decide(ctx, req)
			})
			s.invite(func(o *Options) {
				o.Embedded = p
				if remote {
					o.Policy = p
				}
			})
			redirectBy(s.server, contact(s.a, "x"))
			says(s.a, 486, "Busy Here")
			s.ends(486)
			_, below := ended(t, s.spans)
			if got := below["decision"][0].SpanContext(); got.SpanID() != asked.SpanID() || !asked.IsSampled() {
				t.Errorf("asked in %v, want %v", asked, got)
			}
			if asked := value(below["decision"][0].Attributes(), "decision.asked"); asked != name {
				t.Errorf("asked %s", asked)
			}
		})
	}
}

// TestUnsampledCallSaysSo: a policy is told, so that its decision is not one either.
func TestUnsampledCallSaysSo(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var asked trace.SpanContext
	s.invite(withPolicy(policy.Func(func(ctx contextT, req *requestT) (*responseT, error) {
		asked = trace.SpanContextFromContext(ctx)
		return policy.NewBuiltin(nil).Decide(ctx, req)
	})), func(o *Options) {
		o.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s.spans), sdktrace.WithSampler(sdktrace.NeverSample())).Tracer("test")
	})
	redirectBy(s.server, contact(s.a, "x"))
	says(s.a, 486, "Busy Here")
	s.ends(486)
	s.e.Close()
	if !asked.IsValid() || asked.IsSampled() {
		t.Errorf("the policy is asked in %v", asked)
	}
	if n := len(s.spans.Started()); n > 0 {
		t.Errorf("%d spans", n)
	}
}

// TestNoTracerCostsNothing: without one, what a call does about its trace takes
// no memory.
func TestNoTracerCostsNothing(t *testing.T) {
	rc := &responseContext{edge: &Edge{}, search: &search{}}
	request, answer := &requestT{}, &responseT{}
	if n := testing.AllocsPerRun(100, func() {
		rc.beginTrace()
		rc.traceQuestion(request, true)
		_ = rc.questionContext()
		rc.traceAnswer(answer)
		rc.traceNoDecision("timeout", "no answer")
		rc.supersede()
		_ = rc.trace.id()
		rc.endTrace(nil, callrecord.ResultNone, "")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestTracedCallIsReleased: after the end nothing of the trace is kept.
func TestTracedCallIsReleased(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.invite()
	redirectBy(s.server, contact(s.a, "x"))
	says(s.a, 486, "Busy Here")
	s.ends(486)
	ended(t, s.spans)
	found := 0
	s.e.table.Each(func(rc *responseContext) {
		rc.mu.Lock()
		defer rc.mu.Unlock()
		found++
		if rc.search != nil {
			t.Error("a finished call keeps its search, and so its spans")
		}
	})
	if found != 1 {
		t.Errorf("%d calls, want 1 that absorbs retransmissions", found)
	}
}
