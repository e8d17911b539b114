package tracing

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// What OTEL_TRACES_EXPORTER and OTEL_EXPORTER_OTLP_PROTOCOL may say.
const (
	exportOTLP    = "otlp"
	exportConsole = "console"
	exportNone    = "none"

	protocolGRPC = "grpc"
	protocolHTTP = "http/protobuf"
)

// Where a collector is if no variable says so.
const (
	defaultGRPC = "http://localhost:4317"
	defaultHTTP = "http://localhost:4318/v1/traces"
)

// environment is what the variables say of traces. The SDK and its exporters read
// them as well, but take what they can't read for the default: here that is an error.
// Variables that are not read here, such as OTEL_EXPORTER_OTLP_HEADERS and
// OTEL_BSP_*, are the SDK's alone.
type environment struct {
	kind     string // of exporter
	protocol string // of OTLP
	endpoint string // that a variable names, without a password; "": the default
	sampler  sdktrace.Sampler
	sampling string // what sampler is, for people
}

func fromEnvironment() (e environment, err error) {
	if strings.EqualFold(variable("OTEL_SDK_DISABLED"), "true") {
		return environment{kind: exportNone}, nil
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"} {
		text := variable(name)
		if text == "" {
			continue
		}
		u, err := readEndpoint(text)
		if err != nil {
			return e, fmt.Errorf("%s: %w", name, err)
		}
		if e.endpoint == "" {
			e.endpoint = u.Redacted()
		}
	}
	switch e.kind = variable("OTEL_TRACES_EXPORTER"); e.kind {
	case "":
		e.kind = exportNone
		if e.endpoint != "" {
			e.kind = exportOTLP
		}
	case exportOTLP, exportConsole, exportNone:
	default:
		return e, fmt.Errorf("OTEL_TRACES_EXPORTER: %q is not allowed; want otlp, console or none", e.kind)
	}
	if e.off() {
		return e, nil
	}
	if e.protocol, err = readProtocol(); err != nil {
		return e, err
	}
	e.sampler, e.sampling, err = readSampler()
	return e, err
}

func (e *environment) off() bool { return e.kind == exportNone }

// variable reads one; an empty one is as good as none.
func variable(name string) string { return strings.TrimSpace(os.Getenv(name)) }

func readEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, fmt.Errorf("%q is no endpoint; want http://HOST:PORT, or https://HOST:PORT with TLS", text)
	}
	return u, nil
}

// where says where the spans go.
func (e *environment) where() string {
	switch {
	case e.kind == exportConsole:
		return "standard output"
	case e.endpoint != "":
		return e.endpoint
	case e.protocol == protocolHTTP:
		return defaultHTTP
	}
	return defaultGRPC
}

func readProtocol() (string, error) {
	name := "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
	if variable(name) == "" {
		name = "OTEL_EXPORTER_OTLP_PROTOCOL"
	}
	switch protocol := variable(name); protocol {
	case "":
		return protocolGRPC, nil
	case protocolGRPC, protocolHTTP:
		return protocol, nil
	default:
		return "", fmt.Errorf("%s: %q is not allowed; want grpc or http/protobuf", name, protocol)
	}
}

// readSampler reads which traces are sent. A trace that another program has begun
// is sampled if that says so, unless the sampler looks at no parent.
func readSampler() (sampler sdktrace.Sampler, name string, err error) {
	name = strings.ToLower(variable("OTEL_TRACES_SAMPLER"))
	if name == "" {
		name = "parentbased_always_on"
	}
	root, fromParent := strings.CutPrefix(name, "parentbased_")
	switch root {
	case "always_on":
		sampler = sdktrace.AlwaysSample()
	case "always_off":
		sampler = sdktrace.NeverSample()
	case "traceidratio":
		ratio, err := readRatio()
		if err != nil {
			return nil, "", err
		}
		sampler, name = sdktrace.TraceIDRatioBased(ratio), fmt.Sprintf("%s %g", name, ratio)
	default:
		return nil, "", fmt.Errorf("OTEL_TRACES_SAMPLER: %q is not allowed; want always_on, always_off or traceidratio, or one of these with parentbased_ before it", name)
	}
	if fromParent {
		sampler = sdktrace.ParentBased(sampler)
	}
	return sampler, name, nil
}

// readRatio reads the share of the traces; without one it is all, as the
// specification has it.
func readRatio() (float64, error) {
	text := variable("OTEL_TRACES_SAMPLER_ARG")
	if text == "" {
		return 1, nil
	}
	ratio, err := strconv.ParseFloat(text, 64)
	if err != nil || !(ratio >= 0 && ratio <= 1) {
		return 0, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG: %q is no share of the traces; want 0 to 1, as in 0.01", text)
	}
	return ratio, nil
}

// exporter makes what sends the spans. It connects later.
func (e *environment) exporter(ctx context.Context, stdout io.Writer) (sdktrace.SpanExporter, error) {
	switch {
	case e.kind == exportConsole:
		return stdouttrace.New(stdouttrace.WithWriter(stdout))
	case e.protocol == protocolHTTP:
		var options []otlptracehttp.Option
		if e.endpoint == "" { // the exporter's own default has TLS, which the specification's has not
			options = append(options, otlptracehttp.WithEndpointURL(defaultHTTP))
		}
		return otlptracehttp.New(ctx, options...)
	}
	var options []otlptracegrpc.Option
	if e.endpoint == "" {
		options = append(options, otlptracegrpc.WithEndpointURL(defaultGRPC))
	}
	return otlptracegrpc.New(ctx, options...)
}
