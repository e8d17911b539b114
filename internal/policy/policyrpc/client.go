package policyrpc

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/health" // registers the health check that serviceConfig asks for
	"google.golang.org/grpc/keepalive"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

const (
	defaultTimeout = time.Second

	// Bounds of the two messages. The contract bounds an answer to 64 KiB; the
	// slack lets the edge see by how little a larger one is over.
	maxRequestBytes  = 256 << 10
	maxResponseBytes = 68 << 10

	// pingTimeout is how long a backend may leave a ping, or what it was sent,
	// without an answer.
	pingTimeout = 2 * time.Second
)

// serviceConfig asks for the balancer of this package, and for connections to
// be used only while the health service of the backend says SERVING. A backend
// without one counts as healthy.
const serviceConfig = `{
	"loadBalancingConfig": [{"` + balancerName + `": {}}],
	"healthCheckConfig": {"serviceName": ""}
}`

// ClientOptions are the knobs of a [Client]. The zero value works.
type ClientOptions struct {
	// Timeout bounds a decision whose context has no deadline. 0 is one second.
	Timeout time.Duration
	// Registerer takes the metrics of the client; nil keeps none. Clients with
	// the same Registerer share their metrics.
	Registerer prometheus.Registerer
	// TracerProvider gets a span for every try, and each question says which trace
	// it is of; nil makes none.
	TracerProvider trace.TracerProvider
}

// Client asks a policy over gRPC. It implements policy.Policy and is safe for
// concurrent use.
//
// A decision has a deadline and no side effect, so it is tried up to three
// times, each try at another backend. What a try's failure says, and no answer
// within a third of the time, both start the next one; a try that is merely
// late goes on, and the first answer counts. So a backend that hangs costs a
// third of the deadline, and a policy that is slow throughout still decides.
// Tries after the first are limited to a tenth of the decisions, with bursts of
// 256, so that they cannot make an overload worse.
//
// While no backend can be reached a decision fails at once, for the caller to
// fall back. It waits, until its deadline, only while a connection is being
// made for the first time since one was lost.
type Client struct {
	target   string
	timeout  time.Duration
	conn     *grpc.ClientConn
	rpc      redirectv1.RedirectPolicyServiceClient
	backends *backends
	metrics  *clientMetrics
}

// Dial prepares a client for a target: "dns:///name:port", where every address
// of the name is a backend, "unix:///path", or "host:port", which is short for
// dns. "dns://server:port/name:port" asks that DNS server. Dial starts to
// connect and does not wait for it: a target that is down is no error.
func Dial(target string, o ClientOptions) (*Client, error) {
	full, err := parseTarget(target)
	if err != nil {
		return nil, err
	}
	metrics, err := newClientMetrics(o.Registerer)
	if err != nil {
		return nil, fmt.Errorf("policy target %q: %w", target, err)
	}
	conn, err := grpc.NewClient(full, append(dialOptions(metrics), clientTracing(o.TracerProvider)...)...)
	if err != nil {
		return nil, fmt.Errorf("policy target %q: %w", target, err)
	}
	conn.Connect()
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	return &Client{
		target:   target,
		timeout:  o.Timeout,
		conn:     conn,
		rpc:      redirectv1.NewRedirectPolicyServiceClient(conn),
		backends: newBackends(),
		metrics:  metrics,
	}, nil
}

// Close ends the connections. Decisions in progress fail.
func (c *Client) Close() error {
	if err := c.conn.Close(); err != nil {
		return fmt.Errorf("close policy %s: %w", c.target, err)
	}
	return nil
}

// Decide asks the policy. The error names the target and what became of each
// try; it wraps the context's error or the gRPC status that ended the decision.
// req is not used after it returns.
func (c *Client) Decide(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	ctx, cancel := c.withDeadline(ctx)
	d := newDecision(c, req)
	resp, err := d.run(ctx)
	cancel()
	d.running.Wait()
	return resp, err
}

func (c *Client) withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, c.timeout)
}

func dialOptions(metrics *clientMetrics) []grpc.DialOption {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithResolvers(dnsBuilder{}),
		grpc.WithContextDialer(dial),
		// A policy is a neighbour: HTTPS_PROXY is not meant for it, nor is what
		// a TXT record says about it.
		grpc.WithNoProxy(),
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultServiceConfig(serviceConfig),
		// Tries are this package's own, and go to different backends.
		grpc.WithDisableRetry(),
		// A quiet hour must not cost the next call a connection.
		grpc.WithIdleTimeout(0),
		grpc.WithConnectParams(grpc.ConnectParams{
			// With its jitter the longest pause is just below one second.
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 800 * time.Millisecond},
			MinConnectTimeout: time.Second,
		}),
		// 10 s is the least that grpc allows a client.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: pingTimeout, PermitWithoutStream: true}),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallSendMsgSize(maxRequestBytes),
			grpc.MaxCallRecvMsgSize(maxResponseBytes),
		),
	}
	if metrics.rpcs != nil {
		options = append(options, grpc.WithUnaryInterceptor(metrics.rpcs.UnaryClientInterceptor()))
	}
	return options
}
