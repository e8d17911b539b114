package policyrpc_test

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

// traced is a client and a server that make spans.
type traced struct {
	client         *policyrpc.Client
	server         *served
	asked, decided *tracetest.SpanRecorder
	provider       *sdktrace.TracerProvider // of the client
}

func newTraced(t *testing.T) *traced {
	t.Helper()
	x := &traced{asked: tracetest.NewSpanRecorder(), decided: tracetest.NewSpanRecorder()}
	x.provider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(x.asked))
	x.server = servePolicy(t, policy.NewBuiltin(nil), policyrpc.ServerOptions{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(x.decided)),
	})
	x.client = dial(t, x.server.address, policyrpc.ClientOptions{TracerProvider: x.provider})
	return x
}

// ask asks within a span of the caller, and waits for all spans.
func (x *traced) ask(t *testing.T, req *redirectv1.DecideRequest) (caller, try, decision sdktrace.ReadOnlySpan, err error) {
	t.Helper()
	ctx, span := x.provider.Tracer("test").Start(t.Context(), "caller")
	limit, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err = x.client.Decide(limit, req)
	span.End()
	await(t, "the spans", 5*time.Second, func() bool { return len(x.asked.Ended()) >= 2 && len(x.decided.Ended()) >= 1 })
	if n, m := len(x.asked.Ended()), len(x.decided.Ended()); n != 2 || m != 1 {
		t.Fatalf("%d spans of the client and %d of the server", n, m)
	}
	for _, s := range x.asked.Ended() {
		if s.Name() == "caller" {
			caller = s
		} else {
			try = s
		}
	}
	return caller, try, x.decided.Ended()[0], err
}

func attributeOf(s sdktrace.ReadOnlySpan, key attribute.Key) string {
	for _, a := range s.Attributes() {
		if a.Key == key {
			return a.Value.String()
		}
	}
	return ""
}

func TestDecisionIsTraced(t *testing.T) {
	t.Parallel()
	x := newTraced(t)
	req := question()
	caller, try, decision, err := x.ask(t, req)
	if err != nil {
		t.Fatal(err)
	}
	if try.Parent().SpanID() != caller.SpanContext().SpanID() || decision.Parent().SpanID() != try.SpanContext().SpanID() ||
		decision.SpanContext().TraceID() != caller.SpanContext().TraceID() {
		t.Errorf("the parents are %v and %v", try.Parent(), decision.Parent())
	}
	for key, want := range map[attribute.Key]string{
		"sip.call_id": req.GetCall().GetCallId(), "decision.request_id": req.GetRequestId(), "decision.event": "redirect",
		"decision.action": "try_targets", "decision.targets": "1", "decision.rule": "profile default: follow 302",
		"decision.config_revision": policy.DefaultConfig().Revision,
	} {
		if got := attributeOf(decision, key); got != want || want == "" {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if _, err := healthv1.NewHealthClient(x.server.connect(t)).Check(t.Context(), &healthv1.HealthCheckRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := redirectv1.NewRedirectPolicyServiceClient(x.server.connect(t)).GetPolicyInfo(t.Context(), &redirectv1.GetPolicyInfoRequest{}); err != nil {
		t.Fatal(err)
	}
	if n := len(x.decided.Started()); n != 1 {
		t.Errorf("what is no decision has spans: %d in all", n)
	}
}

// TestTraceOfAnErrorHasNoWords: they may be about users. Whoever asked has them.
func TestTraceOfAnErrorHasNoWords(t *testing.T) {
	t.Parallel()
	x := newTraced(t)
	_, try, decision, err := x.ask(t, question(func(req *redirectv1.DecideRequest) { req.Call.Profile = "sip:bob@example.com" }))
	if err == nil {
		t.Fatal("decided")
	}
	if s := try.Status(); s.Code != codes.Error || s.Description != "FailedPrecondition" {
		t.Errorf("the try ends with %v %q", s.Code, s.Description)
	}
	if s := decision.Status(); s.Description != "" {
		t.Errorf("the decision ends with %v %q", s.Code, s.Description)
	}
}
