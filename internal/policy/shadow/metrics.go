package shadow

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/redirectd/redirectd/internal/policy/compare"
)

// Why a question is not put to the second policy.
const (
	skippedFull       = "queue_full"
	skippedCancelled  = "cancelled"  // the call ended before the first had answered
	skippedUnreadable = "unreadable" // protobuf could not write it
)

type metrics struct {
	comparisons, skipped *prometheus.CounterVec
	seconds              prometheus.Histogram
	ofFirst, ofShadow    *noDecision
}

// noDecision counts the answers of one policy that are none.
type noDecision struct{ timeout, failed, invalid prometheus.Counter }

func newMetrics(r prometheus.Registerer) *metrics {
	if r == nil {
		r = prometheus.NewRegistry()
	}
	none := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sipedge_policy_shadow_no_decision_total",
		Help: "Compared answers that were no decision, by whose they were (first, shadow) and why.",
	}, []string{"policy", "reason"})
	of := func(policy string) *noDecision {
		return &noDecision{
			none.WithLabelValues(policy, "timeout"), none.WithLabelValues(policy, "error"), none.WithLabelValues(policy, "invalid"),
		}
	}
	m := &metrics{
		comparisons: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sipedge_policy_shadow_comparisons_total",
			Help: "Answers of the shadow policy that were compared with those of the first, by in what they differ; same: in nothing.",
		}, []string{"result"}),
		skipped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sipedge_policy_shadow_skipped_total",
			Help: "Questions of the share that the shadow policy was not asked, by why.",
		}, []string{"reason"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "sipedge_policy_shadow_decision_duration_seconds", Help: "Time to an answer of the shadow policy, or to know that there is none.",
			Buckets: []float64{1e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1},
		}),
		ofFirst: of("first"), ofShadow: of("shadow"),
	}
	for _, kind := range compare.Kinds() {
		m.comparisons.WithLabelValues(string(kind)) // 0, and not unknown
	}
	for _, reason := range []string{skippedFull, skippedCancelled, skippedUnreadable} {
		m.skipped.WithLabelValues(reason)
	}
	r.MustRegister(m.comparisons, m.skipped, m.seconds, none)
	return m
}
