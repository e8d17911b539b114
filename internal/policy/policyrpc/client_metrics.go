package policyrpc

import (
	"errors"
	"fmt"

	grpcprometheus "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
)

// clientMetrics counts what the client does beyond what a caller sees. rpcs is
// nil without a registry: then nobody looks, and the RPCs are not timed.
type clientMetrics struct {
	rpcs       *grpcprometheus.ClientMetrics
	tries      *prometheus.CounterVec
	suppressed prometheus.Counter
}

func newClientMetrics(registry prometheus.Registerer) (*clientMetrics, error) {
	m := &clientMetrics{
		tries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sipedge_policy_tries_total",
			Help: "Questions sent to a backend of the policy, by why: the first try of a decision, or one more because a try failed or was late.",
		}, []string{"why"}),
		suppressed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sipedge_policy_tries_suppressed_total",
			Help: "Tries after the first that were not made because too many decisions needed one.",
		}),
	}
	if registry == nil {
		return m, nil
	}
	m.rpcs = grpcprometheus.NewClientMetrics(grpcprometheus.WithClientHandlingTimeHistogram(
		grpcprometheus.WithHistogramBuckets([]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .2, .5, 1}),
	))
	var errs [3]error
	m.rpcs, errs[0] = register(registry, m.rpcs)
	m.tries, errs[1] = register(registry, m.tries)
	m.suppressed, errs[2] = register(registry, m.suppressed)
	return m, errors.Join(errs[:]...)
}

// register gives the collector that is registered: c, or the one of a client
// that came before.
func register[C prometheus.Collector](registry prometheus.Registerer, c C) (C, error) {
	err := registry.Register(c)
	if err == nil {
		return c, nil
	}
	if there, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if c, ok := there.ExistingCollector.(C); ok {
			return c, nil
		}
	}
	return c, fmt.Errorf("register metrics of the policy client: %w", err)
}
