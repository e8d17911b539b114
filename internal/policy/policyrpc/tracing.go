package policyrpc

import (
	"context"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/attribute"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// clientTracing makes a span for every try of a decision, and has the question say
// which trace it is of. Without a provider it costs nothing.
func clientTracing(p trace.TracerProvider) []grpc.DialOption {
	if p == nil {
		return nil
	}
	return []grpc.DialOption{grpc.WithStatsHandler(wordless{otelgrpc.NewClientHandler(tracingOptions(p)...)})}
}

// serverTracing makes a span for every decision, of the trace that the question
// says.
func serverTracing(p trace.TracerProvider) []grpc.ServerOption {
	if p == nil {
		return nil
	}
	return []grpc.ServerOption{grpc.StatsHandler(otelgrpc.NewServerHandler(tracingOptions(p)...))}
}

// tracingOptions: decisions alone, not health checks, whose streams last as long as
// the connection; no metrics, of which there are others; and of what may travel
// with a trace nothing but its name.
func tracingOptions(p trace.TracerProvider) []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(p),
		otelgrpc.WithMeterProvider(metricnoop.NewMeterProvider()),
		otelgrpc.WithPropagators(propagation.TraceContext{}),
		otelgrpc.WithFilter(func(info *stats.RPCTagInfo) bool {
			return info.FullMethodName == redirectv1.RedirectPolicyService_Decide_FullMethodName
		}),
	}
}

// wordless keeps the words of an error out of the span of a try: they may be about
// users, and who asked decides whether those are shown.
type wordless struct{ stats.Handler }

func (h wordless) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if end, ok := s.(*stats.End); ok && end.Error != nil {
		other := *end
		code := status.Code(end.Error)
		other.Error = status.Error(code, code.String())
		s = &other
	}
	h.Handler.HandleRPC(ctx, s)
}

// traceDecision says in the span of a decision what was decided. It says nothing of
// users: the texts of an explanation are for who asked.
func traceDecision(ctx context.Context, req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	x := resp.GetExplanation()
	span.SetAttributes(
		attribute.String("sip.call_id", traced(req.GetCall().GetCallId())),
		attribute.String("sipedge.profile", traced(req.GetCall().GetProfile())),
		attribute.String("decision.request_id", traced(req.GetRequestId())),
		attribute.String("decision.event", eventOf(req)),
		attribute.String("decision.action", actionOf(resp)),
		attribute.Int("decision.targets", len(resp.GetTryTargets().GetTargets())),
		attribute.String("decision.rule", traced(x.GetRule())),
		attribute.String("decision.policy_version", traced(x.GetPolicyVersion())),
		attribute.String("decision.config_revision", traced(x.GetConfigRevision())),
	)
}

// traced is a text as it can stand in a span: one that is not UTF-8 would be the end
// of all that is sent together with it.
func traced(s string) string { return strings.ToValidUTF8(clip(s), "\uFFFD") }

func eventOf(req *redirectv1.DecideRequest) string {
	switch req.GetEvent().(type) {
	case *redirectv1.DecideRequest_Redirect:
		return "redirect"
	case *redirectv1.DecideRequest_Failure:
		return "failure"
	case *redirectv1.DecideRequest_Advice:
		return "advice"
	}
	return "unknown"
}
