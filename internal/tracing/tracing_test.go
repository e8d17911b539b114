package tracing_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/redirectd/redirectd/internal/tracing"
	"github.com/redirectd/redirectd/internal/tracing/otlptest"
)

// started is a Tracing under a clean environment, but for these variables.
type started struct {
	*tracing.Tracing
	stdout, log lines
}

func start(t *testing.T, variables ...string) (*started, error) {
	t.Helper()
	for _, name := range []string{
		"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
		"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG",
		"OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
	} {
		t.Setenv(name, "")
	}
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	s := &started{}
	var err error
	s.Tracing, err = tracing.Start(t.Context(), tracing.Options{
		Service: "redirectd", Version: "1.2.3", Stdout: &s.stdout, Logger: slog.New(slog.NewTextHandler(&s.log, nil)),
	})
	return s, err
}

// span makes one, and sends it.
func (s *started) span(t *testing.T, attributes ...attribute.KeyValue) {
	t.Helper()
	_, span := s.Tracer("test").Start(t.Context(), "a span", trace.WithAttributes(attributes...))
	span.End()
	s.Stop(t.Context())
}

// lines is a log that is read while it may be written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func TestOff(t *testing.T) {
	for _, variables := range [][]string{
		nil,
		{"OTEL_TRACES_EXPORTER=none", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317"},
		{"OTEL_SDK_DISABLED=true", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317"},
		{"OTEL_SERVICE_NAME=edge", "OTEL_TRACES_SAMPLER=always_on"},
	} {
		s, err := start(t, variables...)
		if err != nil || s.Tracing != nil || s.Provider() != nil || s.Tracer("test") != nil {
			t.Errorf("%q: %v, %v", variables, s.Tracing, err)
		}
		s.Stop(t.Context()) // does nothing
		if s.log.String() != "" {
			t.Errorf("%q: the log says %s", variables, s.log.String())
		}
	}
}

func TestWrongVariables(t *testing.T) {
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317"
	for _, c := range []struct {
		want      string
		variables []string
	}{
		{`OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" is no endpoint; want http://HOST:PORT, or https://HOST:PORT with TLS`, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4317"}},
		{`OTEL_EXPORTER_OTLP_ENDPOINT: "127.0.0.1:4317" is no endpoint; want`, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=127.0.0.1:4317"}},
		{`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://" is no endpoint; want`, []string{endpoint, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://"}},
		{`OTEL_TRACES_EXPORTER: "zipkin" is not allowed; want otlp, console or none`, []string{"OTEL_TRACES_EXPORTER=zipkin"}},
		{`OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" is not allowed; want grpc or http/protobuf`, []string{endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=http/json"}},
		{`OTEL_TRACES_SAMPLER: "half" is not allowed; want always_on, always_off or traceidratio`, []string{endpoint, "OTEL_TRACES_SAMPLER=half"}},
		{`OTEL_TRACES_SAMPLER: "parentbased_jaeger_remote" is not allowed`, []string{endpoint, "OTEL_TRACES_SAMPLER=parentbased_jaeger_remote"}},
		{`OTEL_TRACES_SAMPLER_ARG: "1%" is no share of the traces; want 0 to 1, as in 0.01`, []string{endpoint, "OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=1%"}},
		{`OTEL_TRACES_SAMPLER_ARG: "1.5" is no share`, []string{endpoint, "OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=1.5"}},
		{`OTEL_TRACES_SAMPLER_ARG: "NaN" is no share`, []string{endpoint, "OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=NaN"}},
		{`OTEL_RESOURCE_ATTRIBUTES: `, []string{endpoint, "OTEL_RESOURCE_ATTRIBUTES=production"}},
	} {
		if s, err := start(t, c.variables...); err == nil || !strings.HasPrefix(err.Error(), c.want) || s.Tracing != nil {
			t.Errorf("%q: %v\nwant %s", c.variables, err, c.want)
		}
	}
}

func TestOTLPOverGRPC(t *testing.T) {
	collector := otlptest.Start(t)
	s, err := start(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.Endpoint(), "OTEL_RESOURCE_ATTRIBUTES=service.namespace=voip")
	if err != nil {
		t.Fatal(err)
	}
	s.span(t, attribute.String("long", strings.Repeat("ü", 2000)))
	spans := collector.Spans()
	if len(spans) != 1 || spans[0].Name != "a span" {
		t.Fatalf("%d spans came", len(spans))
	}
	for key, want := range map[string]string{"service.name": "redirectd", "service.version": "1.2.3", "service.namespace": "voip", "telemetry.sdk.language": "go"} {
		if got := spans[0].Resource[key]; got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if got := spans[0].Attributes["long"]; got != strings.Repeat("ü", 1024) {
		t.Errorf("a long text has %d bytes", len(got))
	}
	if log := s.log.String(); !strings.Contains(log, "msg=tracing exporter=otlp to="+collector.Endpoint()+" sampler=parentbased_always_on") || strings.Contains(log, "WARN") {
		t.Errorf("the log says %s", log)
	}
}

func TestOTLPOverHTTP(t *testing.T) {
	requests := make(chan *collectorv1.ExportTraceServiceRequest, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var request collectorv1.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &request)
		}
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Authorization") != "Basic x" {
			http.Error(w, "no", http.StatusBadRequest)
			t.Errorf("%s %v: %v", r.URL, r.Header, err)
			return
		}
		requests <- &request
	}))
	defer server.Close()
	s, err := start(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+server.URL, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
		"OTEL_EXPORTER_OTLP_HEADERS=Authorization=Basic%20x", "OTEL_SERVICE_NAME=policies")
	if err != nil {
		t.Fatal(err)
	}
	s.span(t)
	select {
	case r := <-requests:
		if spans := otlptest.Read(r); len(spans) != 1 || spans[0].Resource["service.name"] != "policies" {
			t.Errorf("this came: %v", r)
		}
	default:
		t.Errorf("nothing came; the log says %s", s.log.String())
	}
}

func TestConsole(t *testing.T) {
	s, err := start(t, "OTEL_TRACES_EXPORTER=console")
	if err != nil {
		t.Fatal(err)
	}
	s.span(t)
	if out := s.stdout.String(); !strings.Contains(out, `"Name":"a span"`) || strings.Count(out, "\n") != 1 {
		t.Errorf("standard output is %s", out)
	}
	if log := s.log.String(); !strings.Contains(log, `exporter=console to="standard output"`) {
		t.Errorf("the log says %s", log)
	}
}

func TestSamplers(t *testing.T) {
	for _, c := range []struct {
		variables   []string
		root, child bool // whether they are sampled; the child is of a remote parent that is
	}{
		{nil, true, true},
		{[]string{"OTEL_TRACES_SAMPLER=always_off"}, false, false},
		{[]string{"OTEL_TRACES_SAMPLER=parentbased_always_off"}, false, true},
		{[]string{"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=0"}, false, false},
		{[]string{"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0"}, false, true},
		{[]string{"OTEL_TRACES_SAMPLER=traceidratio"}, true, true},
	} {
		s, err := start(t, append(c.variables, "OTEL_TRACES_EXPORTER=console")...)
		if err != nil {
			t.Fatal(err)
		}
		_, root := s.Tracer("test").Start(t.Context(), "root")
		parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled, Remote: true})
		_, child := s.Tracer("test").Start(trace.ContextWithRemoteSpanContext(t.Context(), parent), "child")
		if root.IsRecording() != c.root || child.IsRecording() != c.child {
			t.Errorf("%q: sampled: %v and %v, want %v and %v", c.variables, root.IsRecording(), child.IsRecording(), c.root, c.child)
		}
		s.Stop(t.Context())
	}
}

// TestDefaultEndpoint: with otlp alone it is the one of the specification.
func TestDefaultEndpoint(t *testing.T) {
	for protocol, want := range map[string]string{"grpc": "http://localhost:4317", "http/protobuf": "http://localhost:4318/v1/traces"} {
		s, err := start(t, "OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_PROTOCOL="+protocol)
		if err != nil {
			t.Fatal(err)
		}
		if log := s.log.String(); !strings.Contains(log, "to="+want+" ") {
			t.Errorf("the log says %s, want %s", log, want)
		}
		s.Stop(t.Context())
	}
}
