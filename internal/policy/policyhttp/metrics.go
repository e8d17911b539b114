package policyhttp

import (
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what the listener counts. Label values are bounded: never anything that
// a request brought along.
type metrics struct {
	requests *prometheus.CounterVec   // by handler and code
	duration *prometheus.HistogramVec // by handler
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "redirectd_http_requests_total",
			Help: "Requests over HTTP, by what they asked for and by the status of the response.",
		}, []string{"handler", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "redirectd_http_request_duration_seconds",
			Help:    "Time from the header of a request over HTTP to its response.",
			Buckets: prometheus.ExponentialBuckets(50e-6, 3, 10),
		}, []string{"handler"}),
	}
	if registry == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.requests, m.duration} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("policy HTTP metrics: %w", err)
		}
	}
	return m, nil
}

// around counts what a handler does.
func (m *metrics) around(name string, h http.Handler) http.Handler {
	labels := prometheus.Labels{"handler": name}
	return promhttp.InstrumentHandlerDuration(m.duration.MustCurryWith(labels),
		promhttp.InstrumentHandlerCounter(m.requests.MustCurryWith(labels), h))
}
