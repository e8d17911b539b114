package policyrpc

import (
	"fmt"
	"time"

	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// serverMetrics are what a server counts. Label values are bounded: never
// anything that a call brought along.
type serverMetrics struct {
	rpcs      *grpcprom.ServerMetrics
	decisions *prometheus.CounterVec // by action, redirect and protocol
	duration  prometheus.Histogram
	panics    prometheus.Counter
}

func newServerMetrics(registry prometheus.Registerer) (*serverMetrics, error) {
	m := &serverMetrics{
		rpcs: grpcprom.NewServerMetrics(grpcprom.WithServerHandlingTimeHistogram(
			grpcprom.WithHistogramBuckets(prometheus.ExponentialBuckets(50e-6, 3, 10)))),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "redirectd_decisions_total",
			Help: "Decisions by what they do, by the status of the redirect (none for a failed attempt), and by how they were asked for.",
		}, []string{"action", "redirect", "protocol"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "redirectd_decision_duration_seconds",
			Help:    "Time that the policy took for a decision.",
			Buckets: prometheus.ExponentialBuckets(10e-6, 3, 11),
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "redirectd_panics_total",
			Help: "Calls that ended in a panic, which was recovered from.",
		}),
	}
	if registry == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.rpcs, m.decisions, m.duration, m.panics} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("policy server metrics: %w", err)
		}
	}
	return m, nil
}

func (m *serverMetrics) decided(protocol string, req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse, took time.Duration) {
	m.decisions.WithLabelValues(actionOf(resp), redirectOf(req), protocol).Inc()
	m.duration.Observe(took.Seconds())
}

// actionOf names what a decision does.
func actionOf(resp *redirectv1.DecideResponse) string {
	switch resp.GetAction().(type) {
	case *redirectv1.DecideResponse_TryTargets:
		return "try_targets"
	case *redirectv1.DecideResponse_Reject:
		return "reject"
	case *redirectv1.DecideResponse_PassThrough:
		return "pass_through"
	}
	return "none"
}

// redirectOf names the redirect that was decided, the usual ones by status.
func redirectOf(req *redirectv1.DecideRequest) string {
	switch req.GetRedirect().GetResponse().GetStatus() {
	case 0:
		return "none"
	case 300:
		return "300"
	case 301:
		return "301"
	case 302:
		return "302"
	case 305:
		return "305"
	case 380:
		return "380"
	}
	return "other"
}
