// Package otlptest is a collector of OpenTelemetry traces for tests: the real
// service of OTLP over gRPC, on loopback, that keeps what it gets.
package otlptest

import (
	"context"
	"encoding/hex"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonv1 "go.opentelemetry.io/proto/otlp/common/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// Collector is a collector that serves until its test ends. Its methods are safe for
// concurrent use.
type Collector struct {
	collectorv1.UnimplementedTraceServiceServer
	tb       testing.TB
	endpoint string

	mu    sync.Mutex
	spans []*Span
}

// Span is one that has come, with all values as texts.
type Span struct {
	Name, Kind           string
	TraceID, ID, Parent  string // Parent is empty if it is the root
	Start, End           time.Time
	Failed               bool   // its status is an error
	Status               string // what that says
	Attributes, Resource map[string]string
	Events               []Event
}

// Event is one of a span.
type Event struct {
	Name       string
	Attributes map[string]string
}

// Start serves at a free port.
func Start(tb testing.TB) *Collector {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	c := &Collector{tb: tb, endpoint: "http://" + l.Addr().String()}
	server := grpc.NewServer()
	collectorv1.RegisterTraceServiceServer(server, c)
	go func() { _ = server.Serve(l) }() // until Stop
	tb.Cleanup(server.Stop)
	return c
}

// Endpoint is what OTEL_EXPORTER_OTLP_ENDPOINT has to say.
func (c *Collector) Endpoint() string { return c.endpoint }

// Export implements the service.
func (c *Collector) Export(_ context.Context, req *collectorv1.ExportTraceServiceRequest) (*collectorv1.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spans = append(c.spans, Read(req)...)
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

// Spans returns what has come so far, in the order of their start.
func (c *Collector) Spans() []*Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	spans := slices.Clone(c.spans)
	slices.SortStableFunc(spans, func(a, b *Span) int { return a.Start.Compare(b.Start) })
	return spans
}

// Trace returns the spans of the trace that has a span with that attribute.
func (c *Collector) Trace(key, value string) (spans []*Span) {
	all := c.Spans()
	i := slices.IndexFunc(all, func(s *Span) bool { return s.Attributes[key] == value })
	if i < 0 {
		return nil
	}
	for _, s := range all {
		if s.TraceID == all[i].TraceID {
			spans = append(spans, s)
		}
	}
	return spans
}

// Read reads the spans of a request.
func Read(req *collectorv1.ExportTraceServiceRequest) (spans []*Span) {
	for _, r := range req.GetResourceSpans() {
		resource := texts(r.GetResource().GetAttributes())
		for _, scope := range r.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				span := &Span{
					Name: s.GetName(), Kind: strings.ToLower(strings.TrimPrefix(s.GetKind().String(), "SPAN_KIND_")),
					TraceID: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
					Start: time.Unix(0, int64(s.GetStartTimeUnixNano())), End: time.Unix(0, int64(s.GetEndTimeUnixNano())),
					Failed: s.GetStatus().GetCode() == tracev1.Status_STATUS_CODE_ERROR, Status: s.GetStatus().GetMessage(),
					Attributes: texts(s.GetAttributes()), Resource: resource,
				}
				for _, e := range s.GetEvents() {
					span.Events = append(span.Events, Event{Name: e.GetName(), Attributes: texts(e.GetAttributes())})
				}
				spans = append(spans, span)
			}
		}
	}
	return spans
}

func texts(attributes []*commonv1.KeyValue) map[string]string {
	m := make(map[string]string, len(attributes))
	for _, a := range attributes {
		m[a.GetKey()] = textOf(a.GetValue())
	}
	return m
}

func textOf(v *commonv1.AnyValue) string {
	switch v := v.GetValue().(type) {
	case *commonv1.AnyValue_StringValue:
		return v.StringValue
	case *commonv1.AnyValue_IntValue:
		return strconv.FormatInt(v.IntValue, 10)
	case *commonv1.AnyValue_BoolValue:
		return strconv.FormatBool(v.BoolValue)
	case *commonv1.AnyValue_ArrayValue:
		var all []string
		for _, e := range v.ArrayValue.GetValues() {
			all = append(all, textOf(e))
		}
		return strings.Join(all, ", ")
	}
	return v.String()
}
