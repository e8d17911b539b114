package edge

import "github.com/prometheus/client_golang/prometheus"

// metrics are the sipedge_* metrics. Values of labels are bounded words, never a
// URI or a Call-ID.
type metrics struct {
	requests, responses, finals     *prometheus.CounterVec
	retransmissions, dropped        *prometheus.CounterVec
	forbidden, redirects, decisions *prometheus.CounterVec
	noDecision, refused, outcomes   *prometheus.CounterVec
	attempts, addresses             prometheus.Counter
	headersDropped                  prometheus.Counter
	panics                          prometheus.Counter
	decisionSeconds                 prometheus.Histogram
	redirectedSeconds               prometheus.Histogram
}

func newMetrics(r prometheus.Registerer, e *Edge) *metrics {
	if r == nil {
		r = prometheus.NewRegistry()
	}
	vec := func(name, help string, label string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sipedge_" + name, Help: help}, []string{label})
		r.MustRegister(v)
		return v
	}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "sipedge_" + name, Help: help})
		r.MustRegister(c)
		return c
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "sipedge_" + name, Help: help, Buckets: buckets})
		r.MustRegister(h)
		return h
	}
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sipedge_transactions", Help: "Requests in progress, finished ones that still absorb retransmissions included.",
	}, func() float64 { return float64(e.InProgress()) }))
	return &metrics{
		requests:        vec("requests_total", "Requests received, retransmissions included.", "method"),
		responses:       vec("responses_total", "Responses received from downstream.", "class"),
		finals:          vec("final_responses_total", "Final responses sent upstream.", "class"),
		retransmissions: vec("retransmissions_total", "Retransmissions absorbed.", "kind"),
		dropped:         vec("dropped_total", "Messages that were dropped.", "reason"),
		forbidden:       vec("forbidden_total", "Requests that nobody may send, or not to us.", "reason"),
		redirects:       vec("redirects_total", "3xx responses received, and what a redirect server said instead (advice).", "status"),
		decisions:       vec("decisions_total", "Decisions of the policy, by action.", "action"),
		noDecision:      vec("no_decision_total", "Questions that no decision was had for.", "reason"),
		refused:         vec("refused_targets_total", "Targets of decisions that the edge refused.", "reason"),
		outcomes:        vec("attempt_outcomes_total", "How attempts ended.", "outcome"),
		attempts:        counter("attempts_total", "Requests sent downstream."),
		addresses:       counter("address_failovers_total", "Attempts that went on to another address of their target."),
		headersDropped:  counter("headers_dropped_total", "Header operations of decisions outside the allow list."),
		panics:          counter("panics_total", "Events that panicked; their calls got 500."),
		decisionSeconds: histogram("decision_duration_seconds", "Time to a decision.",
			[]float64{1e-5, 1e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1}),
		redirectedSeconds: histogram("redirected_call_duration_seconds", "From a redirected request to its final response.",
			[]float64{1e-3, 1e-2, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 180}),
	}
}
