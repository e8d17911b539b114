package tracing

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// grace is how long the last spans may take to be sent.
const grace = 2 * time.Second

// maxText is how many characters of a text a span keeps, unless
// OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT says otherwise.
const maxText = 1024

// Options are what a program says of itself. All fields are required.
type Options struct {
	// Service is the name of the service if the environment has none.
	Service string
	// Version is that of the program.
	Version string
	// Stdout takes the spans of OTEL_TRACES_EXPORTER=console.
	Stdout io.Writer
	// Logger gets what goes wrong, once a minute.
	Logger *slog.Logger
}

// Tracing sends spans. A nil one sends none, and costs nothing. Its methods are safe
// for concurrent use.
type Tracing struct {
	provider *sdktrace.TracerProvider
	log      *slog.Logger
}

// Start begins to send spans if the environment says so, and otherwise returns nil. It
// waits for nobody: a collector that is down is no error. The error is about a
// variable. Both the SDK's error handler and its logger are of the process, so that
// there is one Tracing at a time.
func Start(ctx context.Context, o Options) (*Tracing, error) {
	e, err := fromEnvironment()
	if err != nil || e.off() {
		return nil, err
	}
	res, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName(o.Service), semconv.ServiceVersion(o.Version)),
		resource.WithFromEnv()) // has the last word
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	reportTo(o.Logger) // before the exporter, which reads variables of its own
	exporter, err := e.exporter(ctx, o.Stdout)
	if err != nil {
		return nil, fmt.Errorf("OTEL_TRACES_EXPORTER=%s: %w", e.kind, err)
	}
	limits := sdktrace.NewSpanLimits()
	if limits.AttributeValueLengthLimit < 0 {
		limits.AttributeValueLengthLimit = maxText
	}
	o.Logger.Info("tracing", "exporter", e.kind, "to", e.where(), "sampler", e.sampling)
	return &Tracing{log: o.Logger, provider: sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter), sdktrace.WithResource(res), sdktrace.WithSampler(e.sampler), sdktrace.WithRawSpanLimits(limits),
	)}, nil
}

// Provider makes tracers; nil if there is no tracing.
func (t *Tracing) Provider() trace.TracerProvider {
	if t == nil {
		return nil
	}
	return t.provider
}

// Tracer returns the tracer of that name; nil if there is no tracing.
func (t *Tracing) Tracer(name string) trace.Tracer {
	if t == nil {
		return nil
	}
	return t.provider.Tracer(name)
}

// Stop sends what is left, for at most 2 s, also when ctx has been cancelled.
func (t *Tracing) Stop(ctx context.Context) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.log.Warn("the last spans are lost", "error", err)
	}
}

// reportTo has the SDK say what is wrong in the program's log.
func reportTo(log *slog.Logger) {
	otel.SetLogger(logr.FromSlogHandler(atLeastWarn{log.Handler()}))
	otel.SetErrorHandler(&errorHandler{log: log})
}
